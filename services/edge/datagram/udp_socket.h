// The UDP socket of one worker: batches of datagrams in and out. Of the edge's stages, only this
// one does input and output.
//
// All workers bind one address with SO_REUSEPORT; the filter of steering.h distributes datagrams
// among them. With an empty host the socket is dual-stack. If it is bound to the wildcard address,
// a sender's SocketAddress also holds the local address that it sent to, and datagrams to it leave
// from that address: clients and NATs drop answers from another one.
//
// Threading: one worker thread; Open from main. Ownership: owns the descriptor. Received views are
// valid until the next Receive. Limits: limits.h.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "libs/base/address.h"
#include "libs/base/bytes.h"
#include "libs/base/result.h"

namespace lowband::edge::datagram {

struct Received {
  SocketAddress from;
  ByteView datagram;
};

/// The socket's counters since it was opened. The worker copies them for the metrics.
struct Counters {
  uint64_t datagrams_received = 0;
  uint64_t datagrams_sent = 0;
  uint64_t bytes_received = 0;  ///< UDP payload.
  uint64_t bytes_sent = 0;
  uint64_t kernel_drops = 0;  ///< Dropped by the kernel because the socket's buffer was full.
  uint64_t truncated = 0;     ///< Longer than kDatagramBytesMax; dropped.
  uint64_t send_errors = 0;   ///< Dropped: no buffer, no route, or refused.
  uint64_t sources_lost = 0;  ///< Sent from another local address, since the wanted one is gone.
};

class UdpSocket {
 public:
  /// Binds one socket for each of `workers` to `address`. Port 0 takes one free port for all.
  /// The error names the address and the reason. A port that another process would share with us
  /// is an error too: "port in use".
  static Result<std::vector<std::unique_ptr<UdpSocket>>, std::string> OpenGroup(
      const BindAddress& address, unsigned workers);
  struct Private {};  // Keeps the constructor to OpenGroup.
  UdpSocket(Private, int fd, int family);
  ~UdpSocket();
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  int fd() const { return fd_; }
  SocketAddress local_address() const;
  /// The part of kSocketBufferBytes that the kernel granted for received datagrams.
  size_t receive_buffer_bytes() const;

  /// Takes the datagrams that have arrived, up to kBatchMax; empty if there are none.
  std::span<const Received> Receive();
  /// Queues a datagram; sends the queue when it is full.
  void Queue(const SocketAddress& to, ByteView datagram);
  /// Sends the queued datagrams. Those that the kernel refuses are dropped and counted: the layers
  /// above retransmit.
  void Flush();

  const Counters& counters() const { return counters_; }

 private:
  struct Buffers;

  /// Sets the local address from which message `i` of the queue leaves.
  void SetSource(const SocketAddress& to, size_t i);

  int fd_;
  int family_;
  bool any_address_;  ///< Bound to the wildcard address.
  Counters counters_;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace lowband::edge::datagram
