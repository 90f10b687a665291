// Lets the path fragment a UDP datagram that is too large for it, so that it is not dropped.
//
// By default Linux forbids routers to fragment, and a path that filters ICMP then drops every large
// datagram. Our datagrams are small enough for most paths; others fragment them.
//
// Threading: a free function; any thread. Spec: RFC 791 §3.1 (DF), RFC 8200 §4.5, §5, RFC 8085
// §3.2.
#pragma once

namespace lowband {

/// The least MTU of every IPv6 path (RFC 8200 §5).
inline constexpr int kIpv6PathBytesMin = 1280;

/// Lets datagrams of the socket be fragmented: by routers on IPv4, by us to kIpv6PathBytesMin on
/// IPv6. `fd` is a UDP socket of the address family `family`; one of IPv6 may serve both. If the
/// kernel refuses, its default stays: the socket still works on most paths.
void AllowFragments(int fd, int family);

}  // namespace lowband
