#include "services/edge/fallback/connection_table.h"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "services/edge/fallback/limits.h"

namespace lowband::edge::fallback {
namespace {

using Id = ConnectionTable::Id;

admission::Network Net(int number) {
  const std::string text = "192.0.2." + std::to_string(number);
  return admission::NetworkOf(*SocketAddress::FromLiteral(text, 0));
}

/// Of 16 places, three are more than an eighth.
class ConnectionTableTest : public ::testing::Test {
 protected:
  static constexpr size_t kMax = 16;

  /// One that finds a free place.
  Id Seat(int network, Activity activity) {
    const auto entered = table_.Enter(Net(network), 0);
    EXPECT_TRUE(entered.id);
    EXPECT_FALSE(entered.victim);
    if (activity != Activity::kOpening) table_.Set(*entered.id, activity);
    return *entered.id;
  }
  std::vector<Id> Seat(int network, Activity activity, size_t count) {
    std::vector<Id> ids;
    for (size_t i = 0; i < count; ++i) ids.push_back(Seat(network, activity));
    return ids;
  }
  /// Who makes room for one more of `network`; 0: nobody, it is refused.
  Id Victim(int network) {
    const auto entered = table_.Enter(Net(network), 0);
    EXPECT_EQ(entered.id.has_value(), entered.victim.has_value());
    if (!entered.victim) return 0;
    table_.Leave(entered.victim->id);
    return entered.victim->id;
  }

  ConnectionTable table_{kMax};
};

TEST_F(ConnectionTableTest, WhoeverComesIsSeatedWhileThereIsRoom) {
  Seat(1, Activity::kBusy, kMax - 1);
  const Id last = Seat(2, Activity::kOpening);
  table_.Leave(last);
  Seat(3, Activity::kIdle);
}

TEST_F(ConnectionTableTest, HeavyNetworkGivesUpItsIdleThenItsOpeningThenItsBusy) {
  Seat(2, Activity::kIdle, 2);
  const auto busy = Seat(1, Activity::kBusy, 10);
  const auto opening = Seat(1, Activity::kOpening, 2);
  const auto idle = Seat(1, Activity::kIdle, 2);
  EXPECT_EQ(Victim(3), idle[0]);
  EXPECT_EQ(Victim(4), idle[1]);
  EXPECT_EQ(Victim(5), opening[0]);
  EXPECT_EQ(Victim(6), opening[1]);
  EXPECT_EQ(Victim(7), busy[0]);
  EXPECT_EQ(Victim(8), busy[1]);
}

TEST_F(ConnectionTableTest, HeavyNetworkPaysForItsOwnNewcomersButNotWithTransfers) {
  Seat(2, Activity::kIdle, 2);
  Seat(1, Activity::kBusy, 13);
  const Id idle = Seat(1, Activity::kIdle);
  EXPECT_EQ(Victim(1), idle);
  // The newcomer opens, and is what the next one gets.
  EXPECT_EQ(Victim(1), idle + 1);
  table_.Set(idle + 2, Activity::kBusy);
  EXPECT_EQ(Victim(1), 0u);
  EXPECT_NE(Victim(3), 0u);
}

// Each newcomer would else push out one of the other's, for ever.
TEST_F(ConnectionTableTest, TwoHeavyNetworksTakeNothingFromEachOther) {
  Seat(1, Activity::kBusy, 8);
  const auto busy = Seat(2, Activity::kBusy, 7);
  const Id idle = Seat(2, Activity::kIdle);
  EXPECT_EQ(Victim(1), 0u);
  EXPECT_EQ(Victim(2), idle) << "it pays with its own";
  table_.Set(idle + 1, Activity::kBusy);
  EXPECT_EQ(Victim(1), 0u);
  EXPECT_EQ(Victim(2), 0u);
  // Who has little is served by either, and then they are no more alike than before.
  const Id first = Victim(3);
  const Id second = Victim(4);
  EXPECT_NE(first, 0u);
  EXPECT_NE(second, 0u);
  EXPECT_NE(first >= busy.front(), second >= busy.front()) << "each gave one";
  EXPECT_EQ(Victim(1), 0u);
  EXPECT_EQ(Victim(2), 0u);
}

TEST_F(ConnectionTableTest, HeavyNewcomerGetsItsPlaceFromWhoHasMoreThanItWouldHave) {
  const auto busy = Seat(1, Activity::kBusy, 10);
  const auto others = Seat(2, Activity::kBusy, 6);
  EXPECT_EQ(Victim(2), busy[0]);
  EXPECT_EQ(Victim(2), busy[1]);
  const Id newcomer = others.back() + 1;
  EXPECT_EQ(Victim(2), newcomer) << "as many each: one of its own, which still opens";
}

TEST_F(ConnectionTableTest, WhereNobodyIsHeavyWhoRestsMostGivesUpTheLongest) {
  for (int network = 1; network <= 6; ++network) Seat(network, Activity::kBusy, 2);
  const Id opening = Seat(7, Activity::kOpening);
  const Id idle = Seat(8, Activity::kIdle);
  Seat(9, Activity::kIdle);
  const Id first_idle = Seat(9, Activity::kIdle) - 1;
  EXPECT_EQ(Victim(10), first_idle);
  table_.Set(idle, Activity::kBusy);
  table_.Set(opening, Activity::kBusy);
  EXPECT_EQ(Victim(9), first_idle + 1);
}

TEST_F(ConnectionTableTest, WithoutAHeavyNetworkTransfersStay) {
  for (int network = 1; network <= 8; ++network) Seat(network, Activity::kBusy, 2);
  EXPECT_EQ(Victim(9), 0u);
}

TEST_F(ConnectionTableTest, WhoGoesBackToWorkIsNoLongerIdleLongest) {
  const auto idle = Seat(1, Activity::kIdle, kMax);
  table_.Set(idle[0], Activity::kBusy);
  table_.Set(idle[1], Activity::kIdle);
  EXPECT_EQ(Victim(2), idle[2]);
  table_.Set(idle[0], Activity::kIdle);
  EXPECT_EQ(Victim(2), idle[3]);
}

TEST_F(ConnectionTableTest, WhoWasToldToGoHasNoPlaceAndTakesNone) {
  const auto idle = Seat(1, Activity::kIdle, kMax);
  const auto entered = table_.Enter(Net(2), 3);
  ASSERT_TRUE(entered.victim);
  EXPECT_EQ(entered.victim->id, idle[0]);
  EXPECT_EQ(entered.victim->activity, Activity::kIdle);
  EXPECT_EQ(entered.victim->loop, 0u);
  table_.Set(idle[0], Activity::kBusy);
  table_.Leave(idle[0]);
  table_.Leave(*entered.id);
  Seat(3, Activity::kOpening);
  EXPECT_EQ(Victim(3), idle[1]);
}

TEST(ConnectionTableOfFew, OnePlaceIsMuchThenWhoHasNoneGetsOneThatRests) {
  ConnectionTable table(2);
  const Id busy = *table.Enter(Net(1), 0).id;
  table.Set(busy, Activity::kBusy);
  const Id opening = *table.Enter(Net(2), 0).id;
  const auto entered = table.Enter(Net(3), 0);
  ASSERT_TRUE(entered.victim);
  EXPECT_EQ(entered.victim->id, opening);
  table.Set(*entered.id, Activity::kBusy);
  EXPECT_FALSE(table.Enter(Net(4), 0).id) << "none has more than it would have";
}

TEST(ConnectionTableLeaving, NewcomersWaitWhileManyHaveNotGoneYet) {
  ConnectionTable table(1);
  std::vector<Id> leaving;
  ASSERT_TRUE(table.Enter(Net(1), 0).id);
  for (size_t i = 0; i < kLeavingMax; ++i) {
    leaving.push_back(table.Enter(Net(1), 0).victim.value().id);
  }
  auto next = std::async(std::launch::async, [&] { return table.Enter(Net(1), 0); });
  table.Leave(leaving.front());
  EXPECT_TRUE(next.get().id);
}

}  // namespace
}  // namespace lowband::edge::fallback
