#include "services/edge/message/places.h"

#include <gtest/gtest.h>

namespace lowband::edge::message {
namespace {

using admission::Ledger;
using admission::Network;
using admission::Standing;
using Verdict = Ledger::Verdict;

constexpr Owner kMany{Network{1}, Standing::kUnproven};
constexpr Owner kFew{Network{2}, Standing::kUnproven};
constexpr Owner kKnown{Network{1}, Standing::kProven};

void Fill(Places& places, const Owner& owner, uint64_t first, uint64_t last) {
  for (uint64_t id = first; id <= last; ++id) {
    ASSERT_EQ(places.Take(owner), Verdict::kFits);
    places.Begin(SendId{id}, owner);
  }
}

TEST(Places, FullThenTheOldestOfWhoHasMostMakesRoom) {
  Ledger ledger(4, admission::Yield::kToProven);
  Places places(ledger, 0);
  Fill(places, kFew, 1, 1);
  Fill(places, kMany, 2, 4);
  EXPECT_FALSE(places.ToGiveUp());
  ASSERT_EQ(places.Take(kFew), Verdict::kMakeRoom);
  ASSERT_TRUE(places.ToGiveUp());
  EXPECT_EQ(places.ToGiveUp()->id, SendId{2});
  places.End(SendId{2});
  EXPECT_FALSE(places.ToGiveUp());
  places.Begin(SendId{5}, kFew);
}

TEST(Places, NewcomerOfANetworkThatHasOneAsAllOthersThenOneOfAnotherMakesRoom) {
  Ledger ledger(2, admission::Yield::kToProven);
  Places places(ledger, 0);
  Fill(places, {Network{7}, Standing::kUnproven}, 1, 1);
  Fill(places, {Network{8}, Standing::kUnproven}, 2, 2);
  ASSERT_EQ(places.Take(kFew), Verdict::kMakeRoom);
  EXPECT_EQ(places.ToGiveUp()->id, SendId{1});
}

TEST(Places, SentAnewThenItIsTheYoungest) {
  Ledger ledger(2, admission::Yield::kToProven);
  Places places(ledger, 0);
  Fill(places, kMany, 1, 2);
  places.End(SendId{1});
  Fill(places, kMany, 1, 1);
  ASSERT_EQ(places.Take(kMany), Verdict::kMakeRoom);
  EXPECT_EQ(places.ToGiveUp()->id, SendId{2});
}

TEST(Places, MovedThenItIsAsOldAsBeforeAmongThoseOfItsNewOwner) {
  Ledger ledger(3, admission::Yield::kToProven);
  Places places(ledger, 0);
  Fill(places, kFew, 1, 1);
  Fill(places, kMany, 2, 3);
  places.Move(SendId{1}, kMany);
  places.Move(SendId{9}, kMany);  // of no CON under way: nothing
  ASSERT_EQ(places.Take(kFew), Verdict::kMakeRoom);
  EXPECT_EQ(places.ToGiveUp()->id, SendId{1});
  EXPECT_EQ(places.ToGiveUp()->standing, Standing::kUnproven);
}

TEST(Places, AllProvenThenAnUnprovenOneFindsNoneAndAProvenOneOfASmallerNetworkDoes) {
  Ledger ledger(2, admission::Yield::kToProven);
  Places places(ledger, 0);
  Fill(places, kKnown, 1, 2);
  EXPECT_EQ(places.Take(kFew), Verdict::kFull);
  ASSERT_EQ(places.Take({Network{2}, Standing::kProven}), Verdict::kMakeRoom);
  EXPECT_EQ(places.ToGiveUp()->id, SendId{1});
  EXPECT_EQ(places.ToGiveUp()->standing, Standing::kProven);
}

TEST(Places, OneMoreIsAtItsOwnCostOnlyWhenItsOwnerHasMost) {
  Ledger ledger(3, admission::Yield::kToProven);
  Places places(ledger, 0);
  Fill(places, kMany, 1, 2);
  EXPECT_FALSE(places.IsOwnCost(kMany));
  Fill(places, kFew, 3, 3);
  EXPECT_TRUE(places.IsOwnCost(kMany));
  EXPECT_FALSE(places.IsOwnCost(kFew));
  EXPECT_FALSE(places.IsOwnCost(kKnown));
}

TEST(Places, WhoHasMostIsAtAnotherWorkerThenThatOneMakesRoom) {
  Ledger ledger(4, admission::Yield::kToProven);
  Places places(ledger, 0);
  Places others(ledger, 1);
  Fill(others, kMany, 1, 3);
  Fill(places, kFew, 1, 1);
  ASSERT_EQ(places.Take(kFew), Verdict::kMakeRoom);
  EXPECT_FALSE(places.ToGiveUp());
  EXPECT_EQ(places.TakeRelief(), 1U);
  EXPECT_EQ(places.TakeRelief(), std::nullopt);
  places.Begin(SendId{2}, kFew);
  ASSERT_TRUE(others.ToGiveUp());
  EXPECT_EQ(others.ToGiveUp()->id, SendId{1});
  others.End(SendId{1});
  EXPECT_FALSE(others.ToGiveUp());
  EXPECT_EQ(others.TakeRelief(), std::nullopt);
}

// Of one network at two workers, one has a place whose CON has not begun.
TEST(Places, OnlyAPlaceWithoutAConCouldMakeRoomThenNothingDoes) {
  Ledger ledger(1, admission::Yield::kToProven);
  Places places(ledger, 0);
  Places others(ledger, 1);
  Fill(others, kMany, 1, 1);
  ASSERT_EQ(places.Take(kMany), Verdict::kMakeRoom);
  const auto here = places.ToGiveUp();
  const auto there = others.ToGiveUp();
  EXPECT_FALSE(here);
  EXPECT_TRUE(there || places.TakeRelief() == std::nullopt);
  places.Begin(SendId{2}, kMany);
}

TEST(Places, VacatedThenNobodyElseGetsThePlace) {
  Ledger ledger(1, admission::Yield::kToProven);
  Places places(ledger, 0);
  Fill(places, kKnown, 1, 1);
  places.Vacate(SendId{1});
  EXPECT_EQ(places.Take(kFew), Verdict::kFull);
  places.Begin(SendId{2}, kKnown);
  places.End(SendId{2});
  EXPECT_EQ(places.Take(kFew), Verdict::kFits);
  places.Return(kFew);
}

TEST(Places, WorkerEndsThenItsPlacesAreFree) {
  Ledger ledger(2, admission::Yield::kToProven);
  {
    Places places(ledger, 0);
    Fill(places, kMany, 1, 2);
  }
  EXPECT_EQ(ledger.usage().networks, 0U);
}

TEST(Places, ReturnedThenThePlaceIsFree) {
  Ledger ledger(1, admission::Yield::kToProven);
  Places places(ledger, 0);
  ASSERT_EQ(places.Take(kMany), Verdict::kFits);
  places.Return(kMany);
  Fill(places, kFew, 1, 1);
  places.End(SendId{1});
  places.End(SendId{1});
  Fill(places, kFew, 2, 2);
}

}  // namespace
}  // namespace lowband::edge::message
