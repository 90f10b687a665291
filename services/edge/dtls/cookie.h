// The cookies that make a client prove its address before any state is kept for it.
//
// A cookie is the time of its making and 15 bytes of HMAC-SHA256 over that time, the client's
// address and its parameters (RFC 6347 §4.2.1). Key number n serves the n-th minute of the steady
// clock and is HMAC(secret, n): so all workers have the same keys at the same time without shared
// mutable state. The previous key is still accepted. The time shows how long the link took for the
// cookie and the ClientHello with it, without any state for the client.
//
// Threading: CookieSecret is constant; a CookieJar is one worker's. Ownership: the jar copies the
// secret. Limits: kCookieKeyLife.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "libs/base/address.h"
#include "libs/base/bytes.h"
#include "libs/base/random.h"
#include "libs/base/time.h"
#include "services/edge/dtls/client_hello.h"

namespace lowband::edge::dtls {

/// One for the process, so that each worker accepts the cookies of all.
using CookieSecret = std::array<uint8_t, 32>;
CookieSecret MakeCookieSecret(Random& random);

/// Two bytes count kCookieTick, modulo their range, which is over twice a cookie's life.
inline constexpr size_t kCookieBytes = 17;
using Cookie = std::array<uint8_t, kCookieBytes>;

class CookieJar {
 public:
  explicit CookieJar(const CookieSecret& secret);
  ~CookieJar();

  Cookie Make(TimePoint now, const SocketAddress& peer, const ClientHello& hello);
  /// The age of `hello.cookie`, to kCookieTick; none if it was not made for this client, or is
  /// older than two key lives.
  std::optional<Duration> Check(TimePoint now, const SocketAddress& peer, const ClientHello& hello);

 private:
  class Keys;
  std::unique_ptr<Keys> keys_;
};

}  // namespace lowband::edge::dtls
