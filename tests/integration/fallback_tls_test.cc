// The TCP fallback inside TLS: the edge's own certificate, its change, and clients that speak
// something else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fallback_rig.h"
#include "tests/support/identity_files.h"

namespace lowband::edge::fallback::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

class FallbackTls : public ::testing::Test {
 protected:
  explicit FallbackTls(const Config& config = {})
      : random_(MakeSystemRandom()), rig_(Always("secret"), config) {
    Use({});
    rig_.server().Serve();
  }

  void Use(const dtls::IdentitySpec& spec) {
    const auto files = dtls::WriteIdentity(folder_, *random_, spec);
    const auto identity = dtls::Identity::Load(files, *random_);
    ASSERT_TRUE(identity);
    leaf_.assign(reinterpret_cast<const char*>((*identity)->chain()->raw.p),
                 (*identity)->chain()->raw.len);
    const auto used = rig_.server().UseIdentity(**identity, nullptr);
    ASSERT_TRUE(used) << used.error();
  }

  /// Connections whose handshake came to nothing.
  uint64_t Failed() {
    const auto& connections = rig_.server().counters().connections;
    return connections[static_cast<size_t>(ConnectionEvent::kTlsFailed)].load();
  }

  TemporaryFolder folder_;
  std::unique_ptr<Random> random_;
  Rig rig_;
  std::string leaf_;
};

TEST_F(FallbackTls, RequestIsServedWithTheEdgesCertificate) {
  for (const auto kind : {dtls::KeyKind::kP256, dtls::KeyKind::kRsa2048}) {
    Use({.key = kind, .signed_by_key = kind});
    RawClient client(rig_.port());
    ASSERT_TRUE(client.StartTls());
    EXPECT_EQ(client.Certificate(), leaf_);
    client.Send(kGet);
    EXPECT_THAT(client.ReadAll(), EndsWith("\r\n\r\nsecret"));
    EXPECT_EQ(rig_.request(rig_.requests() - 1).forwarded_proto(), "https");
  }
}

TEST_F(FallbackTls, NewCertificateIsForNewConnections) {
  RawClient before(rig_.port());
  ASSERT_TRUE(before.StartTls());
  const std::string old = leaf_;
  Use({.key = dtls::KeyKind::kP384, .signed_by_key = dtls::KeyKind::kP384});
  RawClient after(rig_.port());
  ASSERT_TRUE(after.StartTls());
  EXPECT_EQ(after.Certificate(), leaf_);
  EXPECT_NE(leaf_, old);
  before.Send(kGet);
  EXPECT_THAT(before.ReadAll(), EndsWith("secret"));
}

TEST_F(FallbackTls, PlainHttpIsToldToUseHttps) {
  const std::string answer = rig_.Talk(kGet);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(answer, HasSubstr("https://"));
  EXPECT_EQ(rig_.requests(), 0u);
}

TEST_F(FallbackTls, NoiseIsNoConnection) {
  RawClient client(rig_.port());
  client.Send(std::string(100, '\0'));
  client.ReadAll();
  EXPECT_TRUE(Eventually([&] { return Failed() == 1; }));
}

// The times of the real limits, in small.
class SlowFallbackTls : public FallbackTls {
 protected:
  SlowFallbackTls() : FallbackTls(Scaled()) {}

  static constexpr milliseconds kPatience{1500};
  static Config Scaled() {
    Config config;
    config.head_timeout = kPatience;
    config.tls_handshake_life = 100 * kPatience;
    return config;
  }
};

// Some 200 bytes of a ClientHello and 120 of the rest, over several times the patience.
TEST_F(SlowFallbackTls, HandshakeThatGoesOnIsServedHoweverSlowly) {
  const auto begin = std::chrono::steady_clock::now();
  RawClient client(rig_.port());
  ASSERT_TRUE(client.StartTlsSlowly(6, milliseconds(80)));
  EXPECT_GT(std::chrono::steady_clock::now() - begin, 2 * kPatience);
  client.Send(kGet);
  EXPECT_THAT(client.ReadAll(), EndsWith("secret"));
  EXPECT_EQ(Failed(), 0u);
}

TEST_F(SlowFallbackTls, HandshakeThatStandsStillIsClosed) {
  RawClient silent(rig_.port());
  RawClient stopped(rig_.port());
  stopped.BeginTls();
  EXPECT_TRUE(Eventually([&] { return Failed() == 2; }));
  EXPECT_TRUE(silent.IsClosed());
}

class EndlessFallbackTls : public FallbackTls {
 protected:
  EndlessFallbackTls() : FallbackTls(Scaled()) {}
  static Config Scaled() {
    Config config;
    config.head_timeout = config.tls_handshake_life = milliseconds(500);
    return config;
  }
};

TEST_F(EndlessFallbackTls, HandshakeThatGoesOnForEverIsClosed) {
  RawClient client(rig_.port());
  EXPECT_FALSE(client.StartTlsSlowly(1, milliseconds(20)));
  EXPECT_TRUE(Eventually([&] { return Failed() == 1; }));
}

}  // namespace
}  // namespace lowband::edge::fallback::testing
