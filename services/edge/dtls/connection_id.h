// The connection ids that we give to clients: 8 bytes. The first names the session's worker (by its
// value modulo the number of workers), the next five are random and the last two are an HMAC of the
// others.
//
// The key of the HMAC is derived from the certificate's private key (identity.h), so an edge can
// distinguish the ids of an earlier process, and of other edges with its certificate, from noise: a
// client that sends such an id had a session, and gets an alert that it is gone. The HMAC has no
// other purpose: a client that has or guesses an id still cannot make an authentic record.
//
// The kernel's filter (datagram/steering.h) and OwnerOf() read the same byte, so a record of a
// client whose address changed still finds its worker. An observer learns little from the worker
// (log2 of their number in bits), and nothing from the other bytes. Ids differ in forty random bits
// and the rest of the first byte; within a worker, the table ensures it. If an id equals one of
// another process, its client does not get the alert that its session is gone.
//
// Threading: functions any, ConnectionIds one thread. Ownership: it keeps the secret's HMAC.
// Spec: RFC 9146.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>

#include "libs/base/bytes.h"
#include "libs/base/random.h"
#include "libs/tls/record.h"
#include "services/edge/dtls/hmac.h"
#include "services/edge/dtls/limits.h"

namespace lowband::edge::dtls {

using ConnectionId = std::array<uint8_t, kConnectionIdBytes>;

struct ConnectionIdHash {
  size_t operator()(const ConnectionId& id) const noexcept {
    // The bytes are random, or nearly so: no mixing is needed.
    size_t out = 0;
    std::memcpy(&out, id.data(), sizeof(out));
    return out;
  }
};

/// The key of the check bytes.
using ConnectionIdSecret = Mac;
inline constexpr size_t kConnectionIdCheckBytes = 2;

class ConnectionIds {
 public:
  explicit ConnectionIds(const ConnectionIdSecret& secret) : hmac_(secret) {}

  /// A new id for `worker` (below `workers`, which is at most kConnectionIdWorkersMax).
  ConnectionId Make(Random& random, unsigned worker, unsigned workers);
  /// Whether the id was made with this secret, by any process. Noise passes once in 65,536 times.
  bool IsOurs(const ConnectionId& id);

 private:
  /// The last bytes of an id.
  std::array<uint8_t, kConnectionIdCheckBytes> Check(const ConnectionId& id);

  Hmac hmac_;
};

/// The worker to which a datagram belongs by its connection id. None if it carries no id: then the
/// worker that received it is the right one.
std::optional<unsigned> OwnerOf(ByteView datagram, unsigned workers);

/// The connection id of a record that carries one.
ConnectionId IdOf(const tls::Record& record);

}  // namespace lowband::edge::dtls
