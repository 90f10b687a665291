// One address takes every place of the TCP fallback, in each way it can; clients of other addresses
// are served all the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/fallback_rig.h"

namespace lowband::edge::fallback::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr size_t kPlaces = 32;
constexpr const char* kCrowd = "127.0.0.2";
constexpr const char* kHonest = "127.0.0.3";

/// Answers what is asked for "/wait" never, all else with "ok".
Script SomeWait() {
  return {.on_request = nullptr, .on_body = [](ScriptedCall& call) {
            if (call.target() != "/wait") call.Answer(200, "ok");
          }};
}

class FallbackCrowd : public ::testing::Test {
 protected:
  FallbackCrowd() : rig_(SomeWait(), Small()) {}

  static Config Small() {
    Config config = Rig::Plain();
    config.connections_max = kPlaces;
    return config;
  }

  using Clients = std::vector<std::unique_ptr<RawClient>>;
  /// So many of one address, each sending `bytes`.
  Clients Crowd(size_t count, const std::string& bytes) {
    Clients clients;
    for (size_t i = 0; i < count; ++i) {
      clients.push_back(std::make_unique<RawClient>(rig_.port(), kCrowd));
      clients.back()->Send(bytes);
    }
    return clients;
  }
  /// All who came were looked at, and the places are taken.
  bool IsFull(size_t came) {
    return Eventually([&] {
      return rig_.server().counters().opened.load() + Count(ConnectionEvent::kOverLimit) == came &&
             rig_.server().counters().open.load() == kPlaces;
    });
  }
  uint64_t Count(ConnectionEvent event) {
    return rig_.server().counters().connections[static_cast<size_t>(event)].load();
  }
  /// Three clients that keep their connections, with requests in turn, and the crowd at it.
  void ExpectHonestAreServed(const Clients& crowd) {
    Clients honest;
    for (int i = 0; i < 3; ++i) honest.push_back(std::make_unique<RawClient>(rig_.port(), kHonest));
    for (int round = 0; round < 20; ++round) {
      for (const auto& client : crowd) client->SendSome("x");
      // They come back as often as they are thrown out.
      RawClient again(rig_.port(), kCrowd);
      again.SendSome("GET / HTTP/1.1\r\nX-Slow: ");
      for (const auto& client : honest) {
        client->Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        ASSERT_THAT(client->ReadUntil("ok"), EndsWith("\r\n\r\nok")) << "round " << round;
      }
    }
  }

  Rig rig_;
};

TEST_F(FallbackCrowd, SlowHeadsShutNobodyOut) {
  const Clients crowd = Crowd(2 * kPlaces, "GET / HTTP/1.1\r\nX-Slow: ");
  ASSERT_TRUE(IsFull(2 * kPlaces));
  EXPECT_EQ(Count(ConnectionEvent::kEvictedOpening), kPlaces);
  ExpectHonestAreServed(crowd);
  EXPECT_EQ(Count(ConnectionEvent::kOverLimit), 0u);
}

TEST_F(FallbackCrowd, SlowUploadsShutNobodyOut) {
  const Clients crowd =
      Crowd(kPlaces, "POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n\r\nx");
  ASSERT_TRUE(Eventually([&] { return rig_.requests() == kPlaces; }));
  ExpectHonestAreServed(crowd);
  EXPECT_GE(Count(ConnectionEvent::kEvictedBusy), 3u);
  EXPECT_GE(rig_.cancelled(), 3);
}

TEST_F(FallbackCrowd, ThoseOfTheCrowdThatWaitAreToldWhyTheyGo) {
  Clients crowd;
  for (size_t i = 0; i < kPlaces; ++i) {
    crowd.push_back(std::make_unique<RawClient>(rig_.port(), kCrowd));
    crowd.back()->Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(Eventually([&] { return rig_.requests() == i + 1; }));
  }
  // Their own newcomers push nobody out.
  RawClient more(rig_.port(), kCrowd);
  EXPECT_THAT(more.ReadAll(), StartsWith("HTTP/1.1 503"));
  RawClient honest(rig_.port(), kHonest);
  honest.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(honest.ReadUntil("ok"), StartsWith("HTTP/1.1 200"));
  const std::string told = crowd.front()->ReadAll();
  EXPECT_THAT(told, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(told, HasSubstr("Retry-After: "));
  const auto& ends = rig_.server().counters().transfers;
  EXPECT_EQ(ends[static_cast<size_t>(TransferEnd::kMadeRoom)].load(), 1u);
}

TEST_F(FallbackCrowd, IdleConnectionsGoBeforeThoseThatWork) {
  Clients idle;
  for (size_t i = 0; i < kPlaces - 1; ++i) {
    idle.push_back(std::make_unique<RawClient>(rig_.port(), kCrowd));
    idle.back()->Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_THAT(idle.back()->ReadUntil("ok"), EndsWith("ok"));
  }
  RawClient waiting(rig_.port(), kCrowd);
  waiting.Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(Eventually([&] { return rig_.requests() == kPlaces; }));
  RawClient honest(rig_.port(), kHonest);
  honest.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(honest.ReadUntil("ok"), EndsWith("ok"));
  EXPECT_TRUE(idle.front()->IsClosed());
  EXPECT_EQ(Count(ConnectionEvent::kEvictedIdle), 1u);
  // The others live.
  idle.back()->Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(idle.back()->ReadUntil("ok"), EndsWith("ok"));
}

TEST(FallbackProxy, ClientsOfATrustedProxyAreNotOneNetwork) {
  Config config = Rig::Plain();
  config.connections_max = 2;
  config.trust_forwarded_for = true;
  Rig rig(SomeWait(), config);
  RawClient first(rig.port(), kCrowd);
  RawClient second(rig.port(), kCrowd);
  for (RawClient* client : {&first, &second}) client->Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(Eventually([&] { return rig.requests() == 2; }));
  // A health check, say: no client of the proxy pays for it.
  RawClient other(rig.port(), kHonest);
  EXPECT_THAT(other.ReadAll(), StartsWith("HTTP/1.1 503"));
}

}  // namespace
}  // namespace lowband::edge::fallback::testing
