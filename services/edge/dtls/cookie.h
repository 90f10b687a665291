// The cookies that make a client prove its address before anything is kept of it.
//
// A cookie is the low byte of its key's number and 16 bytes of HMAC-SHA256 over the client's
// address and what RFC 6347 §4.2.1 calls its parameters. Key number n serves the n-th minute of
// the steady clock and is HMAC(secret, n): so all workers have the same keys at the same time
// without sharing anything that changes. The key before is still accepted.
//
// Threading: CookieSecret is constant; a CookieJar is one worker's. Ownership: the jar copies the
// secret. Limits: kCookieKeyLife.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "libs/base/address.h"
#include "libs/base/bytes.h"
#include "libs/base/random.h"
#include "libs/base/time.h"
#include "services/edge/dtls/client_hello.h"

namespace lowband::edge::dtls {

/// One for the process, so that a client is known to whichever worker it reaches.
using CookieSecret = std::array<uint8_t, 32>;
CookieSecret MakeCookieSecret(Random& random);

inline constexpr size_t kCookieBytes = 17;
using Cookie = std::array<uint8_t, kCookieBytes>;

class CookieJar {
 public:
  explicit CookieJar(const CookieSecret& secret);
  ~CookieJar();

  Cookie Make(TimePoint now, const SocketAddress& peer, const ClientHello& hello);
  /// True if `hello.cookie` was made for this client not over two key lives ago.
  bool Check(TimePoint now, const SocketAddress& peer, const ClientHello& hello);

 private:
  class Keys;
  std::unique_ptr<Keys> keys_;
};

}  // namespace lowband::edge::dtls
