// The connection ids that we hand out: 8 bytes, of which the first names the worker that holds the
// session (its value modulo the number of workers), the next five are random and the last two are
// an HMAC of the others.
//
// The key of the HMAC comes from the certificate's private key (identity.h), so that an edge tells
// the ids of the process before it, and of other edges with its certificate, from noise: who sends
// a record with one had a session, and is told that it is gone. Nothing else rests on it: whoever
// has an id, or guesses one, still cannot make a record that is authentic.
//
// The kernel's filter (datagram/steering.h) and OwnerOf() read the same byte, so a record of a
// client whose address changed still finds its worker. Knowing the worker helps an observer little
// (log2 of their number in bits); the other bytes tell nothing. Forty random bits and those left of
// the first byte keep ids apart, which the table looks after within a worker; those of another
// process that are alike cost their client the word that its session is gone.
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
    // Random already, or as good as that: no mixing needed.
    size_t out = 0;
    std::memcpy(&out, id.data(), sizeof(out));
    return out;
  }
};

/// What the check bytes are made with.
using ConnectionIdSecret = Mac;
inline constexpr size_t kConnectionIdCheckBytes = 2;

class ConnectionIds {
 public:
  explicit ConnectionIds(const ConnectionIdSecret& secret) : hmac_(secret) {}

  /// A new one of `worker` (below `workers`, which is at most kConnectionIdWorkersMax).
  ConnectionId Make(Random& random, unsigned worker, unsigned workers);
  /// Made with this secret, by whichever process. Noise is so once in 65,536 times.
  bool IsOurs(const ConnectionId& id);

 private:
  /// The last bytes of an id.
  std::array<uint8_t, kConnectionIdCheckBytes> Check(const ConnectionId& id);

  Hmac hmac_;
};

/// The worker that a datagram belongs to by its connection id; none if it carries none (then the
/// worker that received it is the right one).
std::optional<unsigned> OwnerOf(ByteView datagram, unsigned workers);

/// Of a record that carries one.
ConnectionId IdOf(const tls::Record& record);

}  // namespace lowband::edge::dtls
