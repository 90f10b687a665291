// The connection ids that we hand out: 8 bytes, of which the first names the worker that holds the
// session (its value modulo the number of workers) and the rest is random.
//
// The kernel's filter (datagram/steering.h) and OwnerOf() read the same byte, so a record of a
// client whose address changed still finds its worker. Knowing the worker helps an observer little
// (log2 of their number in bits); the seven random bytes tell nothing.
//
// Threading: any. Spec: RFC 9146.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>

#include "libs/base/bytes.h"
#include "libs/base/random.h"
#include "services/edge/dtls/limits.h"

namespace lowband::edge::dtls {

using ConnectionId = std::array<uint8_t, kConnectionIdBytes>;

struct ConnectionIdHash {
  size_t operator()(const ConnectionId& id) const noexcept {
    // Random already: no mixing needed.
    size_t out = 0;
    std::memcpy(&out, id.data(), sizeof(out));
    return out;
  }
};

/// A new id of `worker` (below `workers`, which is at most kWorkersMax).
ConnectionId MakeConnectionId(Random& random, unsigned worker, unsigned workers);

/// The worker that a datagram belongs to by its connection id; none if it carries none (then the
/// worker that received it is the right one).
std::optional<unsigned> OwnerOf(ByteView datagram, unsigned workers);

/// The first byte of a record that carries a connection id, and where in it the id stands.
inline constexpr uint8_t kRecordTypeCid = 25;
inline constexpr size_t kConnectionIdOffset = 11;

}  // namespace lowband::edge::dtls
