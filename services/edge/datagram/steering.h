// Tells the kernel which worker of a SO_REUSEPORT group gets a datagram: the one named by its
// Connection ID; without one, the kernel's hash of addresses and ports decides, which keeps a
// client on its worker as long as its address stays.
//
// Threading: main, before the workers start. Spec: RFC 9146; SO_ATTACH_REUSEPORT_CBPF in socket(7).
#pragma once

namespace lowband::edge::datagram {

/// Attaches the filter to the group that `fd` belongs to. False if the kernel refuses: everything
/// still works, because a worker hands what is not its own to the right one.
bool SteerByConnectionId(int fd, unsigned workers);

}  // namespace lowband::edge::datagram
