// Parts of an address that stand for one party: what it has, it has as a whole.
//
// Threading: any; values.
#pragma once

#include <cstdint>

#include "libs/base/address_prefix.h"

namespace lowband::edge::admission {

/// /32 of IPv4, /56 of IPv6: what one customer has. Rates are counted by it.
enum class Prefix : uint64_t {};
/// /32 of IPv4, /48 of IPv6: what one site has, or can have for the asking. What is held is counted
/// by it, since its owner could spread over 256 of its customers' prefixes.
enum class Network : uint64_t {};

inline Prefix PrefixOf(const SocketAddress& peer) {
  return Prefix{LeadingBytes(peer, kCustomerIpv6Bytes)};
}
inline Network NetworkOf(const SocketAddress& peer) {
  return Network{LeadingBytes(peer, kSiteIpv6Bytes)};
}

}  // namespace lowband::edge::admission
