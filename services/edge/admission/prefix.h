// Parts of an address that stand for one party: what it has, it has as a whole.
//
// Threading: any; values.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libs/base/address.h"

namespace lowband::edge::admission {

/// /32 of IPv4, /56 of IPv6: what one customer has. Rates are counted by it.
enum class Prefix : uint64_t {};
/// /32 of IPv4, /48 of IPv6: what one site has, or can have for the asking. What is held is counted
/// by it, since its owner could spread over 256 of its customers' prefixes.
enum class Network : uint64_t {};

/// The first `ipv6_bytes` of an IPv6 address or all of an IPv4 one, and a last byte that keeps the
/// two families apart.
inline uint64_t LeadingBytes(const SocketAddress& peer, size_t ipv6_bytes) {
  const bool ipv4 = peer.is_ipv4();
  const size_t begin = ipv4 ? 12 : 0;
  const size_t end = ipv4 ? 16 : ipv6_bytes;
  uint64_t bytes = 0;
  for (size_t i = begin; i < end; ++i) bytes = bytes << 8 | peer.ip()[i];
  return bytes << 8 | (ipv4 ? 4 : 6);
}

inline constexpr size_t kPrefixIpv6Bytes = 7;
inline constexpr size_t kNetworkIpv6Bytes = 6;

inline Prefix PrefixOf(const SocketAddress& peer) {
  return Prefix{LeadingBytes(peer, kPrefixIpv6Bytes)};
}
inline Network NetworkOf(const SocketAddress& peer) {
  return Network{LeadingBytes(peer, kNetworkIpv6Bytes)};
}

}  // namespace lowband::edge::admission
