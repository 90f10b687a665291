#include "libs/tls/profile.h"

#include <gtest/gtest.h>
#include <mbedtls/ssl_ciphersuites.h>

#include <string>
#include <vector>

#include "libs/tls/error.h"
#include "libs/tls/handle.h"

namespace lowband::tls {
namespace {

std::vector<std::string> Names(bool allow_ccm8) {
  std::vector<std::string> out;
  for (const int* suite = CipherSuites(allow_ccm8); *suite != 0; ++suite) {
    const auto* info = mbedtls_ssl_ciphersuite_from_id(*suite);
    out.emplace_back(info == nullptr ? "not built in" : mbedtls_ssl_ciphersuite_get_name(info));
  }
  return out;
}

TEST(Profile, SuitesThenEcdheWithAnAeadInOurOrder) {
  const std::vector<std::string> expected = {
      "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256",
      "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256",
      "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256",
      "TLS-ECDHE-RSA-WITH-CHACHA20-POLY1305-SHA256",
  };
  EXPECT_EQ(Names(false), expected);
}

TEST(Profile, CcmAllowedThenLast) {
  std::vector<std::string> names = Names(true);
  ASSERT_EQ(names.size(), 6u);
  EXPECT_EQ(names[4], "TLS-ECDHE-ECDSA-WITH-AES-128-CCM");
  EXPECT_EQ(names[5], "TLS-ECDHE-ECDSA-WITH-AES-128-CCM-8");
  names.resize(4);
  EXPECT_EQ(names, Names(false));
}

TEST(Profile, GroupsThenX25519First) {
  const std::vector<uint16_t> groups(Groups(), Groups() + 4);
  EXPECT_EQ(groups, (std::vector<uint16_t>{29, 23, 24, 0}));  // IANA: x25519, P-256, P-384
}

TEST(Profile, AppliedToEitherSideThenAContextCanBeMade) {
  const auto random = MakeSeededRandom(1);
  for (const int endpoint : {MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_IS_CLIENT}) {
    SslConfig config;
    ASSERT_EQ(ApplyProfile(config.get(), endpoint, false, *random), 0);
    SslContext context;
    EXPECT_EQ(mbedtls_ssl_setup(context.get(), config.get()), 0);
  }
}

TEST(Profile, FillRandomThenTheSourceIsAsked) {
  const auto one = MakeSeededRandom(5);
  const auto same = MakeSeededRandom(5);
  unsigned char filled[16] = {};
  unsigned char expected[16] = {};
  EXPECT_EQ(FillRandom(one.get(), filled, sizeof(filled)), 0);
  same->Fill(expected);
  EXPECT_EQ(std::vector(filled, filled + 16), std::vector(expected, expected + 16));
}

TEST(ErrorText, KnownCodeThenWordsAndNumber) {
  EXPECT_EQ(ErrorText(MBEDTLS_ERR_SSL_TIMEOUT), "SSL - The operation timed out (-0x6800)");
}

}  // namespace
}  // namespace lowband::tls
