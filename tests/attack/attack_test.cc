// Who can shut out whom: each attack on what clients share, beside clients that want little. Their
// answers all come, as fast as before.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/attack/battle.h"

namespace lowband::edge {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

client::Request Small(size_t client) { return WithToken(Get({"whoami"}), client); }

std::string Held(const admission::Ledger& ledger) {
  const auto usage = ledger.usage();
  EXPECT_LE(usage.held[0] + usage.held[1], ledger.max() + ledger.max() / 16 + 1);
  return "held " + std::to_string(usage.held[0] + usage.held[1]) + " of " +
         std::to_string(ledger.max()) + ", made room " + std::to_string(usage.made_room) +
         ", refused " + std::to_string(usage.refused);
}

TEST(Attack, SessionsThatOnlyPing) {
  constexpr size_t kRoom = 60;
  Battle battle(1, 2, {.sessions = kRoom, .handshakes_per_prefix_rate = 0});
  battle.Begin();
  const Figures before = battle.Ask(Small);
  std::vector<size_t> hosts;
  for (size_t i = 0; i < 2 * kRoom; ++i) hosts.push_back(battle.AddAttacker());
  for (int turn = 0; turn < 8; ++turn) {
    for (const size_t host : hosts) battle.world().Ping(host);
    battle.world().Run(seconds(25));
  }
  const Figures quiet = battle.Ask(Small);
  ExpectUnharmed(before, quiet);
  // And while he fills the table, new ones come in.
  for (size_t i = 0; i < 2 * kRoom; ++i) battle.AddAttacker();
  battle.Connect();
  const Figures dialled = battle.Dial();
  EXPECT_EQ(dialled.answered, dialled.asked);
  Report("sessions", before, quiet, Held(battle.world().admission().sessions));
}

TEST(Attack, HandshakesThatNeverEnd) {
  constexpr size_t kRoom = 100;
  Battle battle(2, 4, {.handshakes = kRoom, .handshakes_per_prefix_rate = 0});
  battle.Begin();
  const Figures before = battle.Dial();
  for (size_t i = 0; i < 5 * kRoom; ++i) {
    battle.world().Silence(battle.AddAttacker(), 1);  // a ClientHello went; one with its cookie
  }
  battle.world().Run(seconds(1));
  const Figures during = battle.Dial();
  ExpectUnharmed(before, during);
  Report("half-open handshakes", before, during, Held(battle.world().admission().handshakes));
}

TEST(Attack, BodiesThatNeverEnd) {
  admission::Limits limits{.handshakes_per_prefix_rate = 0};
  limits.requests.upload_bytes = size_t{1} << 20;
  limits.requests.small_upload_bytes = size_t{1} << 20;
  Battle battle(3, 2, limits);
  battle.Begin();
  const auto message = [](size_t i) { return WithToken(Post({"send"}, Bytes(16, 'm')), i); };
  const auto picture = [](size_t i) { return WithToken(Post({"keys"}, Bytes(20'000, 'p')), i); };
  const Figures before_small = battle.Ask(message);
  const Figures before = battle.Ask(picture, 1);
  for (const size_t host : battle.Crowd(100)) {
    for (int each = 0; each < 4; ++each) {
      battle.world().Send(host, Post({"u" + std::to_string(each)}, Bytes(200'000, 'x')));
    }
    battle.world().Silence(host, 100);
  }
  battle.world().Run(seconds(20));
  const Figures small = battle.Ask(message);
  ExpectUnharmed(before_small, small);
  const Figures during = battle.Ask(picture, 1);
  ExpectUnharmed(before, during);
  Report("unfinished uploads", before, during, Held(battle.world().admission().requests.uploads));
}

TEST(Attack, AnswersThatNobodyFetches) {
  admission::Limits limits{.handshakes_per_prefix_rate = 0};
  limits.requests.download_bytes = size_t{2} << 20;  // 32 windows
  limits.requests.small_download_bytes = size_t{1} << 20;
  Battle battle(4, 2, limits);
  battle.world().translate = [](const v1::Request& request) {
    if (request.path(0) == "big") return Content(std::string(200'000, 'b'));
    return Content(std::string(request.path(0) == "3k" ? 3'000 : 1, '\xa0'));
  };
  battle.Begin();
  const auto fetch = [](size_t i) { return WithToken(Get({"3k"}), i); };
  const Figures before = battle.Ask(fetch);
  for (const size_t host : battle.Crowd(100)) {
    for (int each = 0; each < 8; ++each) {
      battle.world().Send(host, Get({"big", std::to_string(each)}));
    }
    battle.world().Silence(host, 8);
  }
  battle.world().Run(seconds(2));
  const Figures during = battle.Ask(fetch);
  ExpectUnharmed(before, during);
  const Figures large = battle.Ask([](size_t i) { return WithToken(Get({"big"}), i); }, 1);
  EXPECT_EQ(large.answered, large.asked);
  Report("answers not fetched", before, during,
         Held(battle.world().admission().requests.downloads));
}

TEST(Attack, PollsByTheThousand) {
  admission::Limits limits{.handshakes_per_prefix_rate = 0};
  limits.requests.exchanges = 400;
  limits.requests.polls = 400;  // of which 25 may be ahead of those that make room
  Battle battle(5, 2, limits);
  battle.world().delay_of = [](const v1::Request& request) -> Duration {
    if (request.path(0) == "hang") return minutes(3);
    return request.path(0) == "poll" ? seconds(30) : milliseconds(5);
  };
  battle.Begin();
  const auto poll = [](size_t i) { return WithToken(Get({"poll"}), i); };
  const Figures before = battle.Ask(Small);
  const Figures before_polls = battle.Ask(poll, 1);
  for (const size_t host : battle.Crowd(40)) {
    for (int each = 0; each < 32; ++each) battle.world().Send(host, Get({"hang"}));
  }
  battle.world().Run(seconds(1));
  const Figures at_once = battle.Ask(Small);
  ExpectUnharmed(before, at_once);
  battle.world().Run(seconds(10));  // by now they count as polls
  const Figures during = battle.Ask(Small);
  ExpectUnharmed(before, during);
  const Figures polls = battle.Ask(poll, 1);
  ExpectUnharmed(before_polls, polls);
  Report("long polls", before, during, Held(battle.world().admission().requests.polls));
}

}  // namespace
}  // namespace lowband::edge
