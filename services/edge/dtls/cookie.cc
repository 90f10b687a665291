#include "services/edge/dtls/cookie.h"

#include <mbedtls/platform_util.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <span>

#include "services/edge/dtls/hmac.h"
#include "services/edge/dtls/limits.h"

extern "C" {  // missing in this header of mbedTLS
#include <mbedtls/constant_time.h>
}

namespace lowband::edge::dtls {
namespace {

std::array<uint8_t, 8> BigEndian(uint64_t value) {
  std::array<uint8_t, 8> out;
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<uint8_t>(value >> (56 - 8 * i));
  return out;
}

constexpr size_t kTickBytes = 2;
constexpr uint64_t kTicksPerKey = kCookieKeyLife / kCookieTick;
static_assert(kCookieKeyLife % kCookieTick == Duration::zero());
static_assert(2 * kTicksPerKey < (uint64_t{1} << 8 * kTickBytes), "two lives within the range");

// A time in units of kCookieTick; cookies carry its low bytes.
uint64_t TickOf(TimePoint now) {
  return static_cast<uint64_t>(now.time_since_epoch() / kCookieTick);
}

}  // namespace

CookieSecret MakeCookieSecret(Random& random) {
  CookieSecret secret;
  random.Fill(secret);
  return secret;
}

// The keys of this minute and of the one before, made on first use.
class CookieJar::Keys {
 public:
  explicit Keys(const CookieSecret& secret) : root_(secret) {}

  // Selects the keys for cookies that are checked at `tick`.
  void Advance(uint64_t tick) {
    const uint64_t number = tick / kTicksPerKey;
    if (!current_ || number != number_) {
      Derive(number - 1, previous_);
      Derive(number, current_);
      number_ = number;
    }
  }
  bool Covers(uint64_t tick) const {
    return tick / kTicksPerKey == number_ || tick / kTicksPerKey + 1 == number_;
  }

  // A cookie of a time for which there is a key.
  Cookie Make(uint64_t tick, const SocketAddress& peer, const ClientHello& hello) {
    Hmac& hmac = tick / kTicksPerKey == number_ ? *current_ : *previous_;
    hmac.Add(BigEndian(tick));
    hmac.Add(peer.ip());
    hmac.Add(std::array<uint8_t, 2>{static_cast<uint8_t>(peer.port() >> 8),
                                    static_cast<uint8_t>(peer.port())});
    hmac.Add(std::array<uint8_t, 2>{static_cast<uint8_t>(hello.version >> 8),
                                    static_cast<uint8_t>(hello.version)});
    hmac.Add(hello.random);
    hmac.AddVector(hello.session_id);
    hmac.AddVector(hello.cipher_suites);
    hmac.AddVector(hello.compression_methods);
    const Mac mac = hmac.Finish();
    Cookie cookie;
    cookie[0] = static_cast<uint8_t>(tick >> 8);
    cookie[1] = static_cast<uint8_t>(tick);
    std::copy_n(mac.begin(), kCookieBytes - kTickBytes, cookie.begin() + kTickBytes);
    return cookie;
  }

 private:
  void Derive(uint64_t number, std::optional<Hmac>& key) {
    root_.Add(BigEndian(number));
    Mac mac = root_.Finish();
    key.emplace(mac);
    mbedtls_platform_zeroize(mac.data(), mac.size());
  }

  Hmac root_;
  uint64_t number_ = 0;
  std::optional<Hmac> current_;
  std::optional<Hmac> previous_;
};

CookieJar::CookieJar(const CookieSecret& secret) : keys_(std::make_unique<Keys>(secret)) {}
CookieJar::~CookieJar() = default;

Cookie CookieJar::Make(TimePoint now, const SocketAddress& peer, const ClientHello& hello) {
  const uint64_t tick = TickOf(now);
  keys_->Advance(tick);
  return keys_->Make(tick, peer, hello);
}

std::optional<Duration> CookieJar::Check(TimePoint now, const SocketAddress& peer,
                                         const ClientHello& hello) {
  if (hello.cookie.size() != kCookieBytes) return std::nullopt;
  const uint64_t tick = TickOf(now);
  keys_->Advance(tick);
  const auto low = static_cast<uint16_t>(hello.cookie[0] << 8 | hello.cookie[1]);
  const auto age = static_cast<uint16_t>(static_cast<uint16_t>(tick) - low);
  if (age > tick || !keys_->Covers(tick - age)) return std::nullopt;
  const Cookie expected = keys_->Make(tick - age, peer, hello);
  if (mbedtls_ct_memcmp(expected.data(), hello.cookie.data(), kCookieBytes) != 0) {
    return std::nullopt;
  }
  return age * kCookieTick;
}

}  // namespace lowband::edge::dtls
