// An IP address and a UDP or TCP port, as a value: the key of a peer.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>

#include "libs/base/result.h"

namespace lowband {

/// An address and port. IPv4 is kept in its IPv4-mapped IPv6 form, so that a dual-stack socket
/// and an IPv4 socket name one peer alike. Thread: any (a value).
class SocketAddress {
 public:
  SocketAddress() = default;
  static SocketAddress FromSockaddr(const sockaddr_storage& raw);
  /// `host` is an address literal, IPv4 or IPv6 (without brackets). A zone may follow one of IPv6,
  /// the name of an interface or its number: `fe80::1%eth0` (RFC 4007 §11).
  static Result<SocketAddress, std::string> FromLiteral(std::string_view host, uint16_t port);

  /// Writes the form for a socket of `family` (AF_INET, AF_INET6); returns its length.
  socklen_t ToSockaddr(int family, sockaddr_storage& out) const;

  bool is_ipv4() const;
  bool is_loopback() const;
  /// Loopback, RFC 1918, RFC 4193, link-local.
  bool is_private() const;
  uint16_t port() const { return port_; }
  /// 16 bytes, network order, IPv4-mapped where IPv4.
  const std::array<uint8_t, 16>& ip() const { return ip_; }
  /// The interface of a link-local address, or 0.
  uint32_t scope() const { return scope_; }
  SocketAddress WithPort(uint16_t port) const;
  /// The address alone: `192.0.2.1`, `2001:db8::1`. Without its zone, which is local.
  std::string HostText() const;
  /// As HostText, with the zone if there is one: for bind and connect.
  std::string ZonedHostText() const;
  /// `192.0.2.1:5684`, `[2001:db8::1]:5684`, `[fe80::1%eth0]:5684`.
  std::string Text() const;

  /// Our own address that this peer's datagram came to, in the form of ip(), as the source of
  /// answers; all zero: by the route. It is no part of the peer's identity: comparisons and hashes
  /// ignore it.
  const std::array<uint8_t, 16>& local_ip() const { return local_ip_; }
  bool has_local_ip() const { return local_ip_ != std::array<uint8_t, 16>{}; }
  SocketAddress WithLocalIp(const std::array<uint8_t, 16>& ip) const;

  friend bool operator==(const SocketAddress& a, const SocketAddress& b) {
    return (a <=> b) == std::strong_ordering::equal;
  }
  friend std::strong_ordering operator<=>(const SocketAddress& a, const SocketAddress& b) {
    return std::tie(a.ip_, a.scope_, a.port_) <=> std::tie(b.ip_, b.scope_, b.port_);
  }

 private:
  std::array<uint8_t, 16> ip_{};
  uint32_t scope_ = 0;
  uint16_t port_ = 0;
  std::array<uint8_t, 16> local_ip_{};
};

/// Values of `--dtls-bind-addr` and similar flags: `:8008`, `0.0.0.0:8008`, `[::1]:8008`,
/// `localhost:8008`. An empty host means every address, IPv6 and IPv4.
struct BindAddress {
  SocketAddress address;
  bool any_host = false;  ///< The host was empty: listen dual-stack.
};
/// The error names the fault of `text`.
Result<BindAddress, std::string> ParseBindAddress(std::string_view text);

}  // namespace lowband

template <>
struct std::hash<lowband::SocketAddress> {
  size_t operator()(const lowband::SocketAddress& address) const noexcept;
};
