// What becomes of a UDP datagram that is larger than the path takes: fragments, never nothing.
//
// By default Linux forbids routers to fragment, and a path whose ICMP is filtered then swallows
// each large datagram for ever. Our datagrams are small enough for most paths; others cut them up.
//
// Threading: a free function; any thread. Spec: RFC 791 §3.1 (DF), RFC 8200 §4.5, §5, RFC 8085
// §3.2.
#pragma once

namespace lowband {

/// The least that every IPv6 path takes (RFC 8200 §5).
inline constexpr int kIpv6PathBytesMin = 1280;

/// Lets datagrams of the socket be fragmented: by routers on IPv4, by us to kIpv6PathBytesMin on
/// IPv6. `fd` is a UDP socket of the address family `family`; one of IPv6 may serve both. A kernel
/// that refuses keeps its own way: the socket is of use on most paths all the same.
void AllowFragments(int fd, int family);

}  // namespace lowband
