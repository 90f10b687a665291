// Attacks on HTTP on TCP by one address, beside clients of another one: over loopback, in real
// time.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/edge/fallback/limits.h"
#include "tests/attack/figures.h"
#include "tests/support/fallback_rig.h"

namespace lowband::edge::fallback::testing {
namespace {

constexpr size_t kPlaces = 64;
constexpr size_t kCrowd = 2 * kPlaces;
/// Of the crowd, so many come anew before each round of requests.
constexpr size_t kBack = 8;
constexpr const char* kCrowdHost = "127.0.0.2";
constexpr const char* kHonestHost = "127.0.0.3";
constexpr int kRounds = 50;
/// Machines that run this do other things too, and stop a thread for longer than any answer takes.
constexpr std::chrono::seconds kFloor{1};

const char* const kRequest = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

/// Answers what is asked for "/wait" never, all else with "ok".
Script SomeWait() {
  return {.on_request = nullptr, .on_body = [](ScriptedCall& call) {
            if (call.target() != "/wait") call.Answer(200, "ok");
          }};
}

class TcpAttack : public ::testing::Test {
 protected:
  TcpAttack() : rig_(SomeWait(), Small()) {
    for (auto& client : staying_) client = std::make_unique<RawClient>(rig_.port(), kHonestHost);
    before_ = Ask();
    EXPECT_EQ(before_.answered, before_.asked);
  }

  static Config Small() {
    Config config = Rig::Plain();
    config.connections_max = kPlaces;
    return config;
  }

  /// A crowd whose connections begin with `bytes` and never end, then requests beside it.
  void Play(const std::string& attack, const std::string& bytes) {
    ASSERT_TRUE(Eventually([&] { return Open() == staying_.size(); }));
    const uint64_t looked = Looked();
    for (size_t i = 0; i < kCrowd; ++i) Attack(bytes);
    ASSERT_TRUE(Eventually([&] { return Looked() == looked + kCrowd && Open() == kPlaces; }))
        << Looked() - looked << " were looked at, " << Open() << " are open";
    size_t most = 0;
    const Figures during = Ask([&] {
      for (const auto& client : crowd_) client->SendSome("x");
      for (size_t i = 0; i < kBack; ++i) Attack(bytes);
      most = std::max(most, Open());
    });
    ExpectUnharmed(before_, during, kFloor);
    // Those who were told to go are open for a moment more.
    EXPECT_LE(most, kPlaces + kLeavingMax);
    EXPECT_TRUE(Eventually([&] { return Open() <= kPlaces; }));
    const uint64_t refused = Count(ConnectionEvent::kOverLimit);
    Report(attack, before_, during,
           "held " + std::to_string(most) + " of " + std::to_string(kPlaces) + ", made room " +
               std::to_string(MadeRoom()) + ", refused " + std::to_string(refused));
  }

 private:
  /// In each round two clients ask on connections that they keep, and two on new ones.
  Figures Ask(const std::function<void()>& meanwhile = [] {}) {
    Figures figures;
    std::vector<Duration> times;
    const auto ask = [&](RawClient& client, TimePoint since) {
      client.Send(kRequest);
      ++figures.asked;
      if (client.ReadUntil("ok").ends_with("\r\n\r\nok")) ++figures.answered;
      times.push_back(std::chrono::steady_clock::now() - since);
    };
    for (int round = 0; round < kRounds; ++round) {
      meanwhile();
      for (const auto& client : staying_) {
        ask(*client, std::chrono::steady_clock::now());
        const TimePoint since = std::chrono::steady_clock::now();
        RawClient fresh(rig_.port(), kHonestHost);
        ask(fresh, since);
      }
    }
    figures.p99 = Percentile99(std::move(times));
    return figures;
  }

  void Attack(const std::string& bytes) {
    crowd_.push_back(std::make_unique<RawClient>(rig_.port(), kCrowdHost));
    crowd_.back()->SendSome(bytes);
    // Those he came with first are gone by then, or cost him descriptors for nothing.
    if (crowd_.size() > 2 * kCrowd) crowd_.erase(crowd_.begin());
  }

  uint64_t Count(ConnectionEvent event) {
    return rig_.server().counters().connections[static_cast<size_t>(event)].load();
  }
  uint64_t Looked() {
    return rig_.server().counters().opened.load() + Count(ConnectionEvent::kOverLimit);
  }
  uint64_t MadeRoom() {
    return Count(ConnectionEvent::kEvictedOpening) + Count(ConnectionEvent::kEvictedIdle) +
           Count(ConnectionEvent::kEvictedBusy);
  }
  size_t Open() { return rig_.server().counters().open.load(); }

  Rig rig_;
  std::array<std::unique_ptr<RawClient>, 2> staying_;
  std::vector<std::unique_ptr<RawClient>> crowd_;
  Figures before_;
};

TEST_F(TcpAttack, SlowHeads) { Play("TCP: slow heads", "GET / HTTP/1.1\r\nX-Slow: "); }

TEST_F(TcpAttack, SlowUploads) {
  Play("TCP: slow uploads", "POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n\r\nx");
}

TEST_F(TcpAttack, LongPolls) { Play("TCP: long polls", "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n"); }

}  // namespace
}  // namespace lowband::edge::fallback::testing
