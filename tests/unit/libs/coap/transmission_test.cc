#include "libs/coap/transmission.h"

#include <gtest/gtest.h>

#include <vector>

#include "libs/coap/rtt_estimator.h"

namespace lowband::coap {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TimePoint At(Duration since_start) { return TimePoint() + since_start; }

/// When each copy after the first leaves, then when it is given up, in seconds.
std::vector<double> Follow(Duration timeout, double draw,
                           const TransmissionParameters& parameters = {}) {
  Transmission message(TimePoint(), parameters, timeout, draw);
  std::vector<double> times;
  do {
    times.push_back(std::chrono::duration<double>(message.due() - TimePoint()).count());
  } while (message.Repeat());
  EXPECT_EQ(message.repeats(), times.size() - 1);
  return times;
}

TEST(Transmission, DefaultTimeoutThenFourCopiesMoreAndGivenUpAfterMaxTransmitWait) {
  EXPECT_EQ(Follow(kAckTimeout, 0), (std::vector<double>{2, 6, 14, 30, 62}));
  EXPECT_EQ(Follow(kAckTimeout, 1), (std::vector<double>{3, 9, 21, 45, 93}));
}

TEST(Transmission, ShortTimeoutThenMoreCopiesAndTheSameTimeInAll) {
  EXPECT_EQ(Follow(milliseconds(500), 0),
            (std::vector<double>{0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 62}));
}

TEST(Transmission, LongestTimeoutThenThreeCopiesAtLeast) {
  EXPECT_EQ(Follow(RttEstimator::kTimeoutMax, 0), (std::vector<double>{10, 30, 62}));
  EXPECT_EQ(Follow(RttEstimator::kTimeoutMax, 1), (std::vector<double>{15, 45, 93}));
}

// RFC 7252 §4.8.2: the peer forgets a message ID EXCHANGE_LIFETIME after its first copy, and a copy
// may be under way for MAX_LATENCY.
TEST(Transmission, ManyRepeatsThenNoneAfterTheIdMayMeanAnotherMessage) {
  for (const double draw : {0.0, 0.5, 1.0}) {
    const auto times =
        Follow(milliseconds(100), draw, {.ack_timeout = milliseconds(100), .max_retransmit = 12});
    EXPECT_LE(times[times.size() - 2], 147) << draw;
    EXPECT_LE(times.back(), 247) << draw;
    EXPECT_GT(times.back(), 147) << draw;
  }
  EXPECT_EQ(Follow(seconds(60), 0, {.ack_timeout = seconds(60)}), (std::vector<double>{60, 180}));
  EXPECT_EQ(Follow(seconds(60), 1, {.ack_timeout = seconds(60)}), (std::vector<double>{90, 247}));
}

TEST(Transmission, LongestWaitThenRepeatedAtAnEvenPaceFromThere) {
  const TransmissionParameters even{
      .ack_timeout = seconds(1), .max_retransmit = 6, .wait_max = seconds(4)};
  EXPECT_EQ(Follow(seconds(1), 0, even), (std::vector<double>{1, 3, 7, 11, 15, 19, 23}));
  EXPECT_EQ(Follow(seconds(1), 1, even),
            (std::vector<double>{1.5, 4.5, 10.5, 16.5, 22.5, 28.5, 34.5}));
}

TEST(RttEstimator, NoSampleThenTheDefault) {
  const RttEstimator rtt;
  EXPECT_FALSE(rtt.measured());
  EXPECT_EQ(rtt.Timeout(At(seconds(5)), seconds(2)), seconds(2));
}

// RFC 6298 §2.2: SRTT = R, RTTVAR = R/2, of which CoCoA takes half and half of what was.
TEST(RttEstimator, FirstSampleThenHalfOfTheWayFromTheDefault) {
  RttEstimator rtt;
  rtt.Sample(At(seconds(0)), milliseconds(400));
  EXPECT_EQ(rtt.Timeout(At(seconds(0)), seconds(2)), milliseconds((1200 + 2000) / 2));
}

TEST(RttEstimator, EvenRoundTripsThenTheTimeoutComesNearThemButNotUnderTheLeast) {
  RttEstimator slow;
  RttEstimator fast;
  for (int i = 0; i < 60; ++i) {
    slow.Sample(At(seconds(i)), milliseconds(900));
    fast.Sample(At(seconds(i)), milliseconds(50));
  }
  EXPECT_GE(slow.Timeout(At(seconds(60)), seconds(2)), milliseconds(900));
  EXPECT_LE(slow.Timeout(At(seconds(60)), seconds(2)), milliseconds(950));
  EXPECT_EQ(fast.Timeout(At(seconds(60)), seconds(2)), RttEstimator::kTimeoutMin);
}

TEST(RttEstimator, EndlessRoundTripThenTheLongestTimeout) {
  RttEstimator rtt;
  for (int i = 0; i < 20; ++i) rtt.Sample(At(seconds(i)), seconds(60));
  EXPECT_EQ(rtt.Timeout(At(seconds(20)), seconds(2)), RttEstimator::kTimeoutMax);
}

// A path that became slower than the timeout gives no sample any more, as each message is repeated.
TEST(RttEstimator, RepeatsThenTheWaitDoublesUntilOneGoesThroughAtOnce) {
  RttEstimator rtt;
  for (int i = 0; i < 60; ++i) rtt.Sample(At(seconds(i)), milliseconds(50));
  const TimePoint now = At(seconds(60));
  for (const auto wait : {1000, 2000, 4000, 8000, 8000}) {
    rtt.BackOff();
    EXPECT_EQ(rtt.Timeout(now, seconds(2)), milliseconds(wait));
  }
  rtt.Sample(now, milliseconds(50));
  EXPECT_EQ(rtt.Timeout(now, seconds(2)), RttEstimator::kTimeoutMin);
}

TEST(RttEstimator, OldThenReturnsTowardsTheDefault) {
  RttEstimator fast;
  RttEstimator slow;
  for (int i = 0; i < 60; ++i) {
    fast.Sample(At(seconds(0)), milliseconds(50));
    slow.Sample(At(seconds(0)), seconds(9));
  }
  EXPECT_EQ(fast.Timeout(At(milliseconds(9999)), seconds(2)), milliseconds(500));
  EXPECT_EQ(fast.Timeout(At(seconds(10)), seconds(2)), seconds(2));
  EXPECT_GT(slow.Timeout(At(seconds(30)), seconds(2)), seconds(9));
  EXPECT_LT(slow.Timeout(At(seconds(40)), seconds(2)), seconds(6));
}

}  // namespace
}  // namespace lowband::coap
