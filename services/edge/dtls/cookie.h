// The cookies that make a client prove its address before anything is kept of it.
//
// A cookie is the time when it was made and 15 bytes of HMAC-SHA256 over that, the client's address
// and what RFC 6347 §4.2.1 calls its parameters. Key number n serves the n-th minute of the steady
// clock and is HMAC(secret, n): so all workers have the same keys at the same time without sharing
// anything that changes. The key before is still accepted. The time tells how long the link
// took for the cookie and the ClientHello with it, before anything is kept of the client.
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

/// One for the process, so that a client is known to whichever worker it reaches.
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
  /// How long ago `hello.cookie` was made for this client, to kCookieTick; none if it was not, or
  /// over two key lives ago.
  std::optional<Duration> Check(TimePoint now, const SocketAddress& peer, const ClientHello& hello);

 private:
  class Keys;
  std::unique_ptr<Keys> keys_;
};

}  // namespace lowband::edge::dtls
