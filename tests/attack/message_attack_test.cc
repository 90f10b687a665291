// Attacks on what the message layer holds for clients whose datagrams get lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/edge/message/counters.h"
#include "tests/attack/battle.h"

namespace lowband::edge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// With DTLS around it: no acknowledgement is as long, and each answer of these tests is.
constexpr size_t kAnswerDatagramBytes = 80;
constexpr size_t kAnswerBytes = 100;
constexpr admission::Limits kNoRate{.handshakes_per_prefix_rate = 0};

/// Of what is long enough to be an answer, each client's third is lost.
std::function<bool(size_t, ByteView)> LoseAnswers() {
  return [counts = std::map<size_t, size_t>()](size_t client, ByteView datagram) mutable {
    return datagram.size() > kAnswerDatagramBytes && counts[client]++ % 3 == 0;
  };
}

/// Each asks three times, after some silence, in which the edge forgets how fast its link was. So
/// no two copies of one answer are lost, and all are repeated after as long.
Figures AskInTurn(Battle& battle, const std::function<client::Request(size_t)>& request) {
  Figures all;
  for (int turn = 0; turn < 3; ++turn) {
    battle.Run(seconds(12));
    const Figures once = battle.Ask(request, 1);
    all.asked += once.asked;
    all.answered += once.answered;
    all.p99 = std::max(all.p99, once.p99);
  }
  return all;
}

template <class Read>
uint64_t Sum(Battle& battle, Read read) {
  uint64_t sum = 0;
  for (unsigned i = 0; i < battle.world().workers(); ++i) {
    sum += read(battle.world().edge(i).messages());
  }
  return sum;
}

TEST(MessageAttack, MessagesThatNobodyAcknowledges) {
  PipelineConfig config;
  config.message.confirmables_max = 64;
  Battle battle(7, 2, kNoRate, config);
  const size_t places = config.message.confirmables_max;
  battle.world().translate = [](const v1::Request&) {
    return Content(std::string(kAnswerBytes, '\xa0'));
  };
  battle.world().delay_of = [](const v1::Request& request) -> Duration {
    return request.path(0) == "slow" ? seconds(3) : milliseconds(5);
  };
  battle.Begin();
  battle.world().lose = LoseAnswers();
  const auto slow = [](size_t i) { return WithToken(Get({"slow"}), i); };
  const Figures before = AskInTurn(battle, slow);
  const auto repeated = [](const message::Layer& layer) {
    return layer.counters().retransmissions;
  };
  ASSERT_GT(Sum(battle, repeated), 0u);

  const std::vector<size_t> crowd = battle.Crowd(40);
  size_t most = 0;
  battle.meanwhile = [&] {
    most = std::max<size_t>(
        most, Sum(battle, [](const message::Layer& layer) { return layer.unacknowledged(); }));
    for (const size_t host : crowd) {
      battle.world().Silence(host, 1);
      battle.world().Send(host, Get({"slow"}));
    }
  };
  const Figures during = AskInTurn(battle, slow);
  ExpectUnharmed(before, during);
  EXPECT_LE(most, places);
  const auto gave_up = [](const message::Layer& layer) {
    return layer.counters().made_room_unproven;
  };
  EXPECT_GT(Sum(battle, gave_up), places);
  Report("not acknowledged", before, during,
         "held " + std::to_string(most) + " of " + std::to_string(places) + ", made room " +
             std::to_string(Sum(battle, gave_up)));
}

TEST(MessageAttack, RequestsThatUseUpTheAnswersKept) {
  PipelineConfig config;
  config.message.answer_bytes_max = size_t{64} << 10;
  Battle battle(8, 2, kNoRate, config);
  const size_t bytes_max = config.message.answer_bytes_max;
  // What each POST got, by the name that its client gave it: the first is what it must get.
  std::map<std::string, size_t> carried_out;
  battle.world().translate = [&](const v1::Request& request) {
    if (request.path(0) != "post") return Content("\xa0");
    ++carried_out[request.path(1)];
    return Content(std::string(kAnswerBytes, '\xa0'));
  };
  battle.Begin();
  battle.world().lose = LoseAnswers();
  size_t posts = 0;
  const auto post = [&](size_t i) {
    return WithToken(Post({"post", std::to_string(posts++)}, Bytes(10, 'p')), i);
  };
  const Figures before = AskInTurn(battle, post);
  const auto repeated = [](const message::Layer& layer) { return layer.counters().duplicates; };
  const uint64_t repeated_before = Sum(battle, repeated);
  ASSERT_GT(repeated_before, 0u);

  const std::vector<size_t> crowd = battle.Crowd(40);
  size_t most = 0;
  battle.meanwhile = [&] {
    for (const size_t host : crowd) {
      for (int each = 0; each < 2; ++each) battle.world().Send(host, Post({"x"}, Bytes(1, 'x')));
    }
    most = std::max<size_t>(
        most, Sum(battle, [](const message::Layer& layer) { return layer.answer_bytes(); }));
  };
  const Figures during = AskInTurn(battle, post);
  ExpectUnharmed(before, during);
  EXPECT_GT(Sum(battle, repeated), repeated_before);
  EXPECT_EQ(carried_out.size(), posts);
  for (const auto& [name, times] : carried_out) EXPECT_EQ(times, 1u) << name;
  EXPECT_LE(most, bytes_max);
  const auto made_room = [](const message::Layer& layer) {
    return layer.counters().answers_made_room_unproven;
  };
  EXPECT_GT(Sum(battle, made_room), 0u);
  Report("answers kept", before, during,
         "held " + std::to_string(most) + " of " + std::to_string(bytes_max) + ", made room " +
             std::to_string(Sum(battle, made_room)));
}

}  // namespace
}  // namespace lowband::edge
