#include "services/edge/drain.h"

#include <gtest/gtest.h>

#include <set>

#include "services/edge/limits.h"

namespace lowband::edge {
namespace {

using std::chrono::seconds;

class DrainTest : public testing::Test {
 protected:
  static std::vector<SessionId> Sessions(uint64_t count) {
    std::vector<SessionId> ids;
    for (uint64_t i = 1; i <= count; ++i) ids.push_back(SessionId{i});
    return ids;
  }
  /// Lets time pass as an event loop does, up to `until`.
  void Run(Drain& drain, TimePoint until) {
    for (auto next = drain.NextDeadline(); next && *next <= until; next = drain.NextDeadline()) {
      now = std::max(now, *next);
      steps.insert(now);
      drain.Advance(now, [this](SessionId session) {
        if (busy.contains(session)) return false;
        ended.push_back(session);
        return true;
      });
    }
    now = until;
  }

  const TimePoint begin{std::chrono::hours(1)};
  TimePoint now = begin;
  std::set<SessionId> busy;
  std::set<TimePoint> steps;
  std::vector<SessionId> ended;
  std::unique_ptr<Random> random = MakeSeededRandom(1);
};

TEST_F(DrainTest, ManySessionsThenEvenlyAndInOrder) {
  Drain drain(begin, seconds(100), Sessions(40'000), *random);
  Run(drain, begin + seconds(20));
  EXPECT_NEAR(static_cast<double>(ended.size()), 10'000, 500);
  Run(drain, begin + seconds(40));
  EXPECT_NEAR(static_cast<double>(ended.size()), 20'000, 1'000);
  Run(drain, begin + seconds(81));
  EXPECT_EQ(ended, Sessions(40'000));
  EXPECT_EQ(drain.NextDeadline(), std::nullopt);
}

TEST_F(DrainTest, AnyTwoStepsThenNotAlwaysEquallyFarApart) {
  Drain drain(begin, seconds(10), Sessions(5'000), *random);
  Run(drain, begin + seconds(9));
  std::set<Duration> gaps;
  for (auto step = std::next(steps.begin()); step != steps.end(); ++step) {
    gaps.insert(*step - *std::prev(step));
    EXPECT_GE(*step - *std::prev(step), kDrainStep / 2);
    EXPECT_LE(*step - *std::prev(step), kDrainStep * 3 / 2);
  }
  EXPECT_GT(gaps.size(), steps.size() / 2);
}

TEST_F(DrainTest, FewSessionsThenAtOnce) {
  Drain drain(begin, seconds(10), Sessions(kDrainStepSessionsMin), *random);
  Run(drain, begin);
  EXPECT_EQ(ended.size(), kDrainStepSessionsMin);
}

TEST_F(DrainTest, BusyOneThenAskedAgainAndTheRestNotHeldUp) {
  busy = {SessionId{1}};
  Drain drain(begin, seconds(10), Sessions(3), *random);
  Run(drain, begin + seconds(1));
  EXPECT_EQ(ended, (std::vector<SessionId>{SessionId{2}, SessionId{3}}));
  busy.clear();
  Run(drain, begin + seconds(2));
  EXPECT_EQ(ended.back(), SessionId{1});
}

TEST_F(DrainTest, OpenedMeanwhileThenEndedToo) {
  Drain drain(begin, seconds(10), {}, *random);
  EXPECT_EQ(drain.NextDeadline(), std::nullopt);
  drain.Add(SessionId{7});
  Run(drain, begin + seconds(1));
  EXPECT_EQ(ended, (std::vector<SessionId>{SessionId{7}}));
}

TEST_F(DrainTest, NoTimeAtAllThenEverySessionInTheFirstStep) {
  Drain drain(begin, Duration::zero(), Sessions(5'000), *random);
  Run(drain, begin);
  EXPECT_EQ(ended.size(), 5'000u);
}

}  // namespace
}  // namespace lowband::edge
