#include "services/edge/message/retransmission.h"

#include <gtest/gtest.h>

#include <vector>

namespace lowband::edge::message {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Transmissions {
  std::vector<double> sent_s;
  double given_up_s = 0;
};

Transmissions Follow(uint64_t seed) {
  const auto random = MakeSeededRandom(seed);
  Retransmission waiting(Config(), *random);
  const SendId id = waiting.Add(TimePoint(), {SessionId{1}, 0, 7, Bytes{1}}, {});
  Transmissions run;
  while (waiting.Find(id) != nullptr) {
    const TimePoint now = *waiting.NextDeadline();
    const auto due = waiting.PopDue(now);
    EXPECT_TRUE(due);
    EXPECT_EQ(due->id, id);
    const double at = duration<double>(now - TimePoint()).count();
    if (due->given_up) {
      run.given_up_s = at;
      EXPECT_TRUE(waiting.Take(id));
    } else {
      run.sent_s.push_back(at);
    }
  }
  EXPECT_FALSE(waiting.NextDeadline());
  return run;
}

TEST(Retransmission, TimesOutBetweenTwoAndThreeSecondsAndDoubles) {
  double least = 1e9;
  double most = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const Transmissions run = Follow(seed);
    ASSERT_EQ(run.sent_s.size(), 4u);
    const double first = run.sent_s[0];
    EXPECT_GE(first, 2.0);
    EXPECT_LE(first, 3.0);
    EXPECT_NEAR(run.sent_s[1], 3 * first, 1e-6);
    EXPECT_NEAR(run.sent_s[2], 7 * first, 1e-6);
    EXPECT_NEAR(run.sent_s[3], 15 * first, 1e-6);
    EXPECT_NEAR(run.given_up_s, 31 * first, 1e-6);
    EXPECT_LE(run.given_up_s, 93.0);  // MAX_TRANSMIT_WAIT
    least = std::min(least, first);
    most = std::max(most, first);
  }
  EXPECT_LT(least, 2.1) << "the whole range is used";
  EXPECT_GT(most, 2.9);
}

TEST(Retransmission, TakenThenNothingIsDue) {
  const auto random = MakeSeededRandom(1);
  Retransmission waiting(Config(), *random);
  const SendId one = waiting.Add(TimePoint(), {SessionId{1}, 3, 7, Bytes{1, 2}}, {});
  const SendId two = waiting.Add(TimePoint(), {SessionId{1}, 4, 8, Bytes{3}}, {});
  EXPECT_NE(one, two);
  EXPECT_EQ(waiting.size(), 2u);
  const auto taken = waiting.Take(one);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->message, (Bytes{1, 2}));
  EXPECT_EQ(taken->request, 3u);
  EXPECT_FALSE(waiting.Take(one));
  EXPECT_EQ(waiting.Find(one), nullptr);
  const auto due = waiting.PopDue(TimePoint() + seconds(3));
  ASSERT_TRUE(due);
  EXPECT_EQ(due->id, two);
  EXPECT_FALSE(waiting.PopDue(TimePoint() + seconds(3)));
}

TEST(Retransmission, AcknowledgedAtOnceThenItsTimeIsASample) {
  const auto random = MakeSeededRandom(1);
  Retransmission waiting(Config(), *random);
  coap::RttEstimator rtt;
  for (int i = 0; i < 40; ++i) {
    const TimePoint now = TimePoint() + seconds(i);
    const SendId id = waiting.Add(now, {SessionId{1}, 3, 7, Bytes{1}}, rtt);
    waiting.Measure(now + milliseconds(80), id, rtt);
    waiting.Take(id);
  }
  EXPECT_EQ(rtt.Timeout(TimePoint() + seconds(40), seconds(2)), coap::RttEstimator::kTimeoutMin);
  const TimePoint now = TimePoint() + seconds(40);
  waiting.Add(now, {SessionId{1}, 3, 7, Bytes{1}}, rtt);
  EXPECT_GE(*waiting.NextDeadline() - now, milliseconds(500));
  EXPECT_LE(*waiting.NextDeadline() - now, milliseconds(750));
}

// Nobody knows which copy the ACK means (Karn).
TEST(Retransmission, RepeatedThenItsTimeIsNoSample) {
  const auto random = MakeSeededRandom(1);
  Retransmission waiting(Config(), *random);
  coap::RttEstimator rtt;
  const SendId repeated = waiting.Add(TimePoint(), {SessionId{1}, 3, 7, Bytes{1}}, rtt);
  ASSERT_TRUE(waiting.PopDue(TimePoint() + seconds(3)));
  waiting.Measure(TimePoint() + seconds(4), repeated, rtt);
  EXPECT_FALSE(rtt.measured());
  EXPECT_EQ(rtt.Timeout(TimePoint(), seconds(2)), seconds(4));
  waiting.Take(repeated);
  waiting.AddAgain(TimePoint(), repeated, {SessionId{1}, 3, 7, Bytes{1}}, rtt);
  waiting.Measure(TimePoint() + seconds(1), repeated, rtt);
  EXPECT_FALSE(rtt.measured());
}

}  // namespace
}  // namespace lowband::edge::message
