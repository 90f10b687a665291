#include "services/edge/request/exchanges.h"

#include <gtest/gtest.h>

namespace lowband::edge::request {
namespace {

TimePoint At(int s) { return TimePoint() + std::chrono::seconds(s); }

TEST(Exchanges, IdsAreNeverUsedTwice) {
  Exchanges table;
  const auto one = table.Start(At(0), {}, At(1));
  const ExchangeId first = one->id;
  table.Take(one);
  const auto two = table.Start(At(0), {}, At(1));
  EXPECT_NE(two->id, first);
  EXPECT_FALSE(table.Find(first));
  EXPECT_EQ(table.Find(two->id), two);
}

TEST(Exchanges, DueOnesComeOutHeldOrNot) {
  Exchanges table;
  const auto one = table.Start(At(85), {}, At(90));
  const auto two = table.Start(At(86), {}, At(91));
  EXPECT_EQ(table.NextDeadline(), At(90));
  table.Hold(two, {}, At(5));
  EXPECT_EQ(table.NextDeadline(), At(5));
  EXPECT_FALSE(table.FindDue(At(4)));
  EXPECT_EQ(table.FindDue(At(5)), two);
  EXPECT_TRUE(two->held);
  const Exchange taken = table.Take(two);
  EXPECT_TRUE(taken.refused);
  EXPECT_EQ(table.FindDue(At(90)), one);
  table.Take(one);
  EXPECT_FALSE(table.NextDeadline());
  EXPECT_EQ(table.size(), 0u);
}

TEST(Exchanges, AgedOnesComeOutOnceAndThoseThatEndedNever) {
  Exchanges table;
  const auto ended = table.Start(At(0), {}, At(90));
  const auto one = table.Start(At(1), {}, At(91));
  table.Take(ended);
  EXPECT_EQ(table.NextDeadline(), At(6));
  EXPECT_FALSE(table.FindAged(At(5)));
  EXPECT_EQ(table.FindAged(At(6)), one);
  EXPECT_FALSE(table.FindAged(At(6)));
  EXPECT_EQ(table.NextDeadline(), At(91));
}

TEST(Exchanges, RestartedThenOnlyItsNewIdIsKnown) {
  Exchanges table;
  const auto one = table.Start(At(0), {}, At(90));
  const ExchangeId first = one->id;
  table.Hold(one, {}, At(5));
  table.Restart(At(90), one, At(95));
  EXPECT_FALSE(table.Find(first));
  EXPECT_EQ(table.Find(one->id), one);
  EXPECT_FALSE(one->held);
  EXPECT_FALSE(one->refused);
  EXPECT_EQ(table.NextDeadline(), At(95));
  EXPECT_EQ(table.size(), 1u);
}

}  // namespace
}  // namespace lowband::edge::request
