// A UDP socket to one server, and the resolution of that server's name.
//
// Threading: one thread. Ownership: owns the descriptor. Limits: none of its own; never blocks.
#pragma once

#include <string>
#include <vector>

#include "libs/base/address.h"
#include "libs/base/bytes.h"
#include "libs/base/result.h"

namespace lowband::client {

/// The addresses of `host` (a name or a literal, without brackets), the system's choice first.
/// Blocks on DNS. The error names the host.
Result<std::vector<SocketAddress>, std::string> Resolve(const std::string& host, uint16_t port);

class UdpSocket {
 public:
  enum class Status : uint8_t {
    kOk,
    kEmpty,    ///< No datagram to read, or no room to write now.
    kRefused,  ///< The peer's machine reported a closed port (ICMP).
    kFailed,   ///< Other errors, such as no route.
  };

  /// Bound to a free local port, connected to `server`. The error names the address.
  static Result<UdpSocket, std::string> Open(const SocketAddress& server);
  UdpSocket(UdpSocket&& other) noexcept;
  UdpSocket& operator=(UdpSocket&& other) noexcept;
  ~UdpSocket();

  Status Send(ByteView datagram);
  /// Reads one datagram into the front of `buffer`; `datagram` is the part that was read.
  Status Receive(std::span<uint8_t> buffer, ByteView& datagram);
  int fd() const { return fd_; }
  uint16_t local_port() const;

 private:
  explicit UdpSocket(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace lowband::client
