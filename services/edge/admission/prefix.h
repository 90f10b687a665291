// Parts of an address that stand for one party, whose holdings are added up.
//
// Threading: any; values.
#pragma once

#include <cstdint>

#include "libs/base/address_prefix.h"

namespace lowband::edge::admission {

/// An IPv4 address or an IPv6 /56: one customer. The unit of rate limits.
enum class Prefix : uint64_t {};
/// An IPv4 address or an IPv6 /48: one site has it, or gets it on request. The unit of holdings,
/// since the owner of a /48 could spread its clients over 256 prefixes of customers.
enum class Network : uint64_t {};

inline Prefix PrefixOf(const SocketAddress& peer) {
  return Prefix{LeadingBytes(peer, kCustomerIpv6Bytes)};
}
inline Network NetworkOf(const SocketAddress& peer) {
  return Network{LeadingBytes(peer, kSiteIpv6Bytes)};
}

}  // namespace lowband::edge::admission
