#include "services/edge/dtls/cookie.h"

#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <span>

#include "services/edge/dtls/limits.h"

extern "C" {  // which this header of mbedTLS forgets
#include <mbedtls/constant_time.h>
}

namespace lowband::edge::dtls {
namespace {

constexpr size_t kMacBytes = 32;
using Mac = std::array<uint8_t, kMacBytes>;

// HMAC-SHA256 with a fixed key, prepared once.
class Hmac {
 public:
  explicit Hmac(ByteView key) {
    mbedtls_md_init(&context_);
    const mbedtls_md_info_t* sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    Require(mbedtls_md_setup(&context_, sha256, 1));
    Require(mbedtls_md_hmac_starts(&context_, key.data(), key.size()));
  }
  ~Hmac() { mbedtls_md_free(&context_); }
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;

  void Add(ByteView bytes) {
    Require(mbedtls_md_hmac_update(&context_, bytes.data(), bytes.size()));
  }
  // A length in front keeps neighbouring fields apart.
  void AddVector(ByteView bytes) {
    const auto size = static_cast<uint16_t>(bytes.size());
    Add(std::array<uint8_t, 2>{static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)});
    Add(bytes);
  }
  Mac Finish() {
    Mac out;
    Require(mbedtls_md_hmac_finish(&context_, out.data()));
    Require(mbedtls_md_hmac_reset(&context_));
    return out;
  }

 private:
  // SHA-256 over memory has no way to fail but a broken build or no memory at start.
  static void Require(int code) {
    if (code != 0) std::abort();
  }
  mbedtls_md_context_t context_;
};

std::array<uint8_t, 8> BigEndian(uint64_t value) {
  std::array<uint8_t, 8> out;
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<uint8_t>(value >> (56 - 8 * i));
  return out;
}

uint64_t KeyNumber(TimePoint now) {
  return static_cast<uint64_t>(now.time_since_epoch() / kCookieKeyLife);
}

}  // namespace

CookieSecret MakeCookieSecret(Random& random) {
  CookieSecret secret;
  random.Fill(secret);
  return secret;
}

// The keys of this minute and of the one before, made when first needed.
class CookieJar::Keys {
 public:
  explicit Keys(const CookieSecret& secret) : root_(secret) {}

  uint8_t Advance(TimePoint now) {
    const uint64_t number = KeyNumber(now);
    if (!current_ || number != number_) {
      Derive(number - 1, previous_);
      Derive(number, current_);
      number_ = number;
    }
    return static_cast<uint8_t>(number_);
  }

  Cookie Make(uint8_t number, const SocketAddress& peer, const ClientHello& hello) {
    Hmac& hmac = number == static_cast<uint8_t>(number_) ? *current_ : *previous_;
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
    cookie[0] = number;
    std::copy_n(mac.begin(), kCookieBytes - 1, cookie.begin() + 1);
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
  return keys_->Make(keys_->Advance(now), peer, hello);
}

bool CookieJar::Check(TimePoint now, const SocketAddress& peer, const ClientHello& hello) {
  if (hello.cookie.size() != kCookieBytes) return false;
  const uint8_t current = keys_->Advance(now);
  const uint8_t used = hello.cookie[0];
  if (used != current && used != static_cast<uint8_t>(current - 1)) return false;
  const Cookie expected = keys_->Make(used, peer, hello);
  return mbedtls_ct_memcmp(expected.data(), hello.cookie.data(), kCookieBytes) == 0;
}

}  // namespace lowband::edge::dtls
