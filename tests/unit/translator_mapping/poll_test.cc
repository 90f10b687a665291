#include "services/translator/mapping/poll.h"

#include <gtest/gtest.h>

#include "services/translator/mapping/limits.h"

namespace lowband::translator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RequestBudget, DeadlineThenTheAnswerComesBeforeIt) {
  EXPECT_EQ(RequestBudget(0).timeout, kRequestTimeout);
  EXPECT_EQ(RequestBudget(90'000).timeout, kRequestTimeout);
  EXPECT_EQ(RequestBudget(20'000).timeout, seconds(19));
  EXPECT_EQ(RequestBudget(2000).timeout, milliseconds(1500));
  EXPECT_EQ(RequestBudget(4).timeout, milliseconds(3));
}

TEST(PollBudget, WaitThenItPlusTheMargin) {
  EXPECT_EQ(PollBudget(30'000, 0).timeout, seconds(45));
  EXPECT_EQ(PollBudget(30'000, 0).wait_ms, std::nullopt);
  EXPECT_EQ(PollBudget(60'000, 90'000).timeout, seconds(75));
  EXPECT_EQ(PollBudget(0, 0).timeout, kRequestTimeout) << "a first sync may take long";
  EXPECT_EQ(PollBudget(std::nullopt, 0).timeout, kRequestTimeout);
  EXPECT_EQ(PollBudget(std::nullopt, 0).wait_ms, std::nullopt);
}

TEST(PollBudget, WaitBeyondTheLimitThenItIsCut) {
  EXPECT_EQ(PollBudget(600'000, 0).wait_ms, 60'000u);
  EXPECT_EQ(PollBudget(UINT64_MAX, 0).wait_ms, 60'000u);
  EXPECT_EQ(PollBudget(UINT64_MAX, 0).timeout, seconds(75));
}

TEST(PollBudget, DeadlineNearerThanTheWaitThenTheHomeserverAnswersInTime) {
  EXPECT_EQ(PollBudget(60'000, 41'000).wait_ms, 35'000u);
  EXPECT_EQ(PollBudget(60'000, 41'000).timeout, seconds(40));
  EXPECT_EQ(PollBudget(30'000, 36'000).wait_ms, std::nullopt);
  EXPECT_EQ(PollBudget(30'000, 3000).wait_ms, 0u);
  EXPECT_EQ(PollBudget(30'000, 3000).timeout, milliseconds(2250));
}

}  // namespace
}  // namespace lowband::translator
