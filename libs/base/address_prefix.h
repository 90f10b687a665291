// The leading part of an address, which identifies one party: shares are counted by it.
//
// Threading: any; values.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libs/base/address.h"

namespace lowband {

/// IPv6 /56: the prefix of one customer.
inline constexpr size_t kCustomerIpv6Bytes = 7;
/// IPv6 /48: the prefix of one site, or one that a site can easily get.
inline constexpr size_t kSiteIpv6Bytes = 6;

/// The first `ipv6_bytes` of an IPv6 address or all of an IPv4 one, and a last byte that keeps the
/// two families apart; never 0.
inline uint64_t LeadingBytes(const SocketAddress& peer, size_t ipv6_bytes) {
  const bool ipv4 = peer.is_ipv4();
  const size_t begin = ipv4 ? 12 : 0;
  const size_t end = ipv4 ? 16 : ipv6_bytes;
  uint64_t bytes = 0;
  for (size_t i = begin; i < end; ++i) bytes = bytes << 8 | peer.ip()[i];
  return bytes << 8 | (ipv4 ? 4 : 6);
}

}  // namespace lowband
