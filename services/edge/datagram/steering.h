// A filter by which the kernel chooses the worker of a SO_REUSEPORT group for a datagram: the one
// named by its Connection ID. Without a Connection ID the kernel's hash of addresses and ports
// decides, which keeps a client on its worker as long as its address stays.
//
// Threading: main, before the workers start. Spec: RFC 9146; SO_ATTACH_REUSEPORT_CBPF in socket(7).
#pragma once

namespace lowband::edge::datagram {

/// Attaches the filter to the group of `fd`. False if the kernel refuses; the edge still works,
/// because a worker hands foreign datagrams to the right worker.
bool SteerByConnectionId(int fd, unsigned workers);

}  // namespace lowband::edge::datagram
