#include "services/translator/mapping/time_budget.h"

#include <gtest/gtest.h>

#include "services/translator/mapping/limits.h"

namespace lowband::translator::mapping {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Allowance Ordinary(uint32_t deadline_ms) { return {kRequestTimeout, false, deadline_ms}; }
constexpr Allowance Slow(uint32_t deadline_ms) { return {kRequestTimeout, true, deadline_ms}; }

TEST(RequestBudget, DeadlineThenTheAnswerComesBeforeIt) {
  EXPECT_EQ(RequestBudget(Ordinary(0)).timeout, kRequestTimeout);
  EXPECT_EQ(RequestBudget(Ordinary(200'000)).timeout, kRequestTimeout);
  EXPECT_EQ(RequestBudget(Ordinary(20'000)).timeout, seconds(19));
  EXPECT_EQ(RequestBudget(Ordinary(2000)).timeout, milliseconds(1500));
  EXPECT_EQ(RequestBudget(Ordinary(4)).timeout, milliseconds(3));
  EXPECT_EQ(RequestBudget({seconds(20), false, 200'000}).timeout, seconds(20));
}

TEST(RequestBudget, SlowThenAllOfTheEdgesTime) {
  EXPECT_EQ(RequestBudget(Slow(200'000)).timeout, seconds(199));
  EXPECT_EQ(RequestBudget(Slow(20'000)).timeout, seconds(19));
  EXPECT_EQ(RequestBudget(Slow(0)).timeout, kEdgeWaitDefault);
}

TEST(PollBudget, WaitThenItPlusTheMarginOrWhatAnyRequestHas) {
  const auto short_request = [](uint32_t deadline_ms) {
    return Allowance{seconds(20), false, deadline_ms};
  };
  EXPECT_EQ(PollBudget(30'000, short_request(0)).timeout, seconds(45));
  EXPECT_EQ(PollBudget(30'000, short_request(0)).wait_ms, std::nullopt);
  EXPECT_EQ(PollBudget(60'000, short_request(90'000)).timeout, seconds(75));
  EXPECT_EQ(PollBudget(60'000, Ordinary(200'000)).timeout, kRequestTimeout);
  EXPECT_EQ(PollBudget(0, Ordinary(0)).timeout, kRequestTimeout);
  EXPECT_EQ(PollBudget(std::nullopt, Ordinary(0)).timeout, kRequestTimeout);
  EXPECT_EQ(PollBudget(std::nullopt, Ordinary(0)).wait_ms, std::nullopt);
}

TEST(PollBudget, InitialSyncThenAllOfTheEdgesTime) {
  EXPECT_EQ(PollBudget(0, Slow(200'000)).timeout, seconds(199));
  EXPECT_EQ(PollBudget(30'000, Slow(200'000)).timeout, seconds(199));
  EXPECT_EQ(PollBudget(30'000, Slow(200'000)).wait_ms, std::nullopt);
  EXPECT_EQ(PollBudget(0, Slow(41'000)).timeout, seconds(40));
}

TEST(PollBudget, WaitBeyondTheLimitThenItIsCut) {
  EXPECT_EQ(PollBudget(600'000, Ordinary(0)).wait_ms, 60'000u);
  EXPECT_EQ(PollBudget(UINT64_MAX, Ordinary(0)).wait_ms, 60'000u);
  EXPECT_EQ(PollBudget(UINT64_MAX, Ordinary(0)).timeout, kRequestTimeout);
}

TEST(PollBudget, DeadlineNearerThanTheWaitThenTheHomeserverAnswersInTime) {
  EXPECT_EQ(PollBudget(60'000, Ordinary(41'000)).wait_ms, 35'000u);
  EXPECT_EQ(PollBudget(60'000, Ordinary(41'000)).timeout, seconds(40));
  EXPECT_EQ(PollBudget(30'000, Ordinary(36'000)).wait_ms, std::nullopt);
  EXPECT_EQ(PollBudget(30'000, Ordinary(3000)).wait_ms, 0u);
  EXPECT_EQ(PollBudget(30'000, Ordinary(3000)).timeout, milliseconds(2250));
}

}  // namespace
}  // namespace lowband::translator::mapping
