// HMAC-SHA256 with a fixed key, prepared once.
//
// Threading: one thread. Ownership: the key is in the context, which is wiped at the end. Spec: RFC
// 2104.
#pragma once

#include <mbedtls/md.h>

#include <array>
#include <cstdint>
#include <cstdlib>

#include "libs/base/bytes.h"

namespace lowband::edge::dtls {

inline constexpr size_t kMacBytes = 32;
using Mac = std::array<uint8_t, kMacBytes>;

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
  /// A length in front keeps neighbouring fields apart.
  void AddVector(ByteView bytes) {
    const auto size = static_cast<uint16_t>(bytes.size());
    Add(std::array<uint8_t, 2>{static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)});
    Add(bytes);
  }
  /// The HMAC of the bytes added; begins a new one.
  Mac Finish() {
    Mac out;
    Require(mbedtls_md_hmac_finish(&context_, out.data()));
    Require(mbedtls_md_hmac_reset(&context_));
    return out;
  }

 private:
  // SHA-256 can fail only in a broken build, or for lack of memory at the start.
  static void Require(int code) {
    if (code != 0) std::abort();
  }
  mbedtls_md_context_t context_;
};

}  // namespace lowband::edge::dtls
