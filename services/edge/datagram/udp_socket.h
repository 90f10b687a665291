// The UDP socket of one worker: batches of datagrams in and out. The one stage of the edge that
// does input and output.
//
// All workers bind one address with SO_REUSEPORT; steering.h tells the kernel which of them gets
// what. With an empty host the socket is dual-stack. Where it is bound to no address of its own,
// each sender's address holds the one of ours that it wrote to, and what is sent to it leaves from
// there: clients and NATs drop answers of another address.
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

/// What the socket counted since it was opened. The worker copies it for the metrics.
struct Counters {
  uint64_t datagrams_received = 0;
  uint64_t datagrams_sent = 0;
  uint64_t bytes_received = 0;  ///< UDP payload.
  uint64_t bytes_sent = 0;
  uint64_t kernel_drops = 0;  ///< Dropped by the kernel because the socket's buffer was full.
  uint64_t truncated = 0;     ///< Longer than kDatagramBytesMax; dropped.
  uint64_t send_errors = 0;   ///< Dropped: no buffer, no route, or refused.
  uint64_t sources_lost = 0;  ///< Sent from another address of ours, since the one wanted is gone.
};

class UdpSocket {
 public:
  /// Binds one socket for each of `workers` to `address`. Port 0 takes one free port for all.
  /// The error names the address and why, "port in use" included when it is another process's
  /// that would share it.
  static Result<std::vector<std::unique_ptr<UdpSocket>>, std::string> OpenGroup(
      const BindAddress& address, unsigned workers);
  struct Private {};  // Keeps the constructor to OpenGroup.
  UdpSocket(Private, int fd, int family);
  ~UdpSocket();
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  int fd() const { return fd_; }
  SocketAddress local_address() const;
  /// What the kernel granted of kSocketBufferBytes, for datagrams that wait to be received.
  size_t receive_buffer_bytes() const;

  /// Takes what is there, up to kBatchMax datagrams; empty when nothing is.
  std::span<const Received> Receive();
  /// Queues a datagram; sends the queue when it is full.
  void Queue(const SocketAddress& to, ByteView datagram);
  /// Sends what is queued. What the kernel refuses is dropped and counted: the layers above
  /// repeat what matters.
  void Flush();

  const Counters& counters() const { return counters_; }

 private:
  struct Buffers;

  /// Sets the address of ours that message `i` of the queue leaves from.
  void SetSource(const SocketAddress& to, size_t i);

  int fd_;
  int family_;
  bool any_address_;  ///< Bound to no address of its own.
  Counters counters_;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace lowband::edge::datagram
