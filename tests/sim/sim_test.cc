// Seeds of the simulator: each is a storm of its own. A failure names its seed; lowband-sim --seed
// plays it again and tells what happens.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "services/edge/request/counters.h"
#include "tests/sim/world.h"

namespace lowband::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// LOWBAND_SIM_SEEDS: how many. In parts, so that they run side by side.
constexpr uint64_t kSeedsDefault = 2000;
constexpr uint64_t kParts = 2;

uint64_t Seeds() {
  const char* text = std::getenv("LOWBAND_SIM_SEEDS");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : kSeedsDefault;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += "\n  " + line;
  return out;
}

// What attackers must have filled, and in how many of a part's seeds at least: else the phones had
// all that there is.
struct Filled {
  std::string_view name;
  int seeds;
};
constexpr Filled kAttackersFill[] = {
    {"attacks", 80},
    {"sessions", 60},
    {"handshakes", 20},
    {"upload_bytes", 20},
    {"small_upload_bytes", 20},
    {"download_bytes", 20},
    {"small_download_bytes", 5},
    {"exchanges", 40},
    {"polls", 20},
    {"waiting", 30},
    {"observations", 30},
    {"token", 8},
    {"confirmables", 30},
    {"dropped malformed", 20},
    {"dropped not_accepted", 40},
    {"dropped unknown_connection_id", 40},
    {"stale alerts", 40},
};

class Storms : public ::testing::TestWithParam<uint64_t> {};

TEST_P(Storms, NothingIsLostNorDoneTwice) {
  uint64_t events = 0;
  edge::request::Counters seen;
  uint64_t dropped = 0;
  std::map<std::string, int> pressed;  // seeds with attackers, by what they filled
  for (uint64_t seed = 1 + GetParam(); seed <= Seeds(); seed += kParts) {
    World world(Scenario::Of(seed), Canary::kNone);
    const auto violations = world.Run();
    events += world.events();
    ASSERT_TRUE(violations.empty()) << "lowband-sim --seed " << seed << Joined(violations);
    const edge::request::Counters& counted = world.edge().requests().counters();
    seen.windows += counted.windows;
    seen.windows_broken += counted.windows_broken;
    seen.windows_asked_again += counted.windows_asked_again;
    seen.windows_changed += counted.windows_changed;
    dropped += world.answers_dropped();
    if (world.scenario().attack.sessions == 0) continue;
    ++pressed["attacks"];
    for (const auto& [name, times] : world.pressure()) pressed[name] += times > 0 ? 1 : 0;
  }
  // Answers by a window, in all that can befall them.
  EXPECT_GT(seen.windows, 0u);
  if (Seeds() >= kSeedsDefault) {
    EXPECT_GT(seen.windows_broken, 0u);
    EXPECT_GT(seen.windows_asked_again, 0u);
    EXPECT_GT(seen.windows_changed, 0u);
    EXPECT_GT(dropped, 0u);
    for (const auto& [name, least] : kAttackersFill) {
      EXPECT_GE(pressed[std::string(name)], least) << name << ": that attack is none";
    }
  }
  RecordProperty("windows", std::to_string(seen.windows));
  EXPECT_GT(events, 0u) << "a storm in which nothing happens proves nothing";
  RecordProperty("events", std::to_string(events));
}
INSTANTIATE_TEST_SUITE_P(Part, Storms, ::testing::Range(uint64_t{0}, kParts));

class Canaries : public ::testing::TestWithParam<Canary> {};

TEST_P(Canaries, AreFound) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    World world(Scenario::Of(seed), GetParam());
    if (!world.Run().empty()) return;
  }
  FAIL() << "200 seeds did not find " << kCanaryNames[static_cast<size_t>(GetParam())];
}
INSTANTIATE_TEST_SUITE_P(Each, Canaries,
                         ::testing::Values(Canary::kAdvanceEarly, Canary::kIgnoreSince,
                                           Canary::kEndOnFault, Canary::kLoseNews,
                                           Canary::kKeepAnswers, Canary::kMixAnswers,
                                           Canary::kRepeatPost, Canary::kShutOut));

TEST(Repeatable, OneSeedThenOneRunToTheByte) {
  const auto run = [] {
    std::string trace;
    World world(Scenario::Of(7), Canary::kNone,
                [&](const std::string& line) { trace += line + "\n"; });
    world.Run();
    return std::pair(trace, static_cast<double>(world.link().bytes));
  };
  const auto first = run();
  const auto second = run();
  EXPECT_EQ(first.first, second.first);
  // mbedTLS puts the wall clock's second into ServerHello, and the signature over it takes a byte
  // or two more or less: three at most in each of some ten handshakes.
  EXPECT_NEAR(first.second, second.second, 30);
}

TEST(Idle, HourOfAnObserverThenAFewBytesAMinute) {
  Scenario scenario;
  scenario.seed = 1;
  scenario.phones = 1;
  scenario.storm = minutes(1);
  World world(scenario, Canary::kNone);
  ASSERT_TRUE(world.Run().empty());
  const size_t before = world.link().bytes;
  const size_t datagrams = world.link().datagrams;
  world.Pass(hours(1));
  const size_t bytes = world.link().bytes - before;
  std::printf("an idle hour: %zu bytes in %zu datagrams, %.1f bytes a minute\n", bytes,
              world.link().datagrams - datagrams, static_cast<double>(bytes) / 60);
  // Nothing but the client's own ping each minute.
  EXPECT_LE(world.link().datagrams - datagrams, 2u * 60);
}

// What issue and operators ask: many at once, on a bad network, while translators keep dying.
TEST(Crowd, FiveHundredObserversThenEachEventOnceAndInOrder) {
  Scenario scenario;
  scenario.seed = 500;
  scenario.phones = 500;
  scenario.replicas = 3;
  scenario.storm = minutes(10);
  scenario.weather.loss = 0.2;
  scenario.weather.delay_max = std::chrono::milliseconds(300);
  scenario.move_every = seconds(200);  // 5 % in ten seconds
  scenario.replica_crash_every = seconds(10);
  scenario.event_every = seconds(30);
  World world(scenario, Canary::kNone);
  const auto violations = world.Run();
  std::printf("500 observers: %llu events\n", static_cast<unsigned long long>(world.events()));
  EXPECT_TRUE(violations.empty()) << Joined(violations);
}

}  // namespace
}  // namespace lowband::testing
