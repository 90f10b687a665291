#include "services/edge/message/places.h"

#include <gtest/gtest.h>

namespace lowband::edge::message {
namespace {

using admission::Network;
using admission::Standing;
using Verdict = admission::Ledger::Verdict;

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
  Places places(4);
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
  Places places(2);
  Fill(places, {Network{7}, Standing::kUnproven}, 1, 1);
  Fill(places, {Network{8}, Standing::kUnproven}, 2, 2);
  ASSERT_EQ(places.Take(kFew), Verdict::kMakeRoom);
  EXPECT_EQ(places.ToGiveUp()->id, SendId{1});
}

TEST(Places, SentAnewThenItIsTheYoungest) {
  Places places(2);
  Fill(places, kMany, 1, 2);
  places.End(SendId{1});
  Fill(places, kMany, 1, 1);
  ASSERT_EQ(places.Take(kMany), Verdict::kMakeRoom);
  EXPECT_EQ(places.ToGiveUp()->id, SendId{2});
}

TEST(Places, MovedThenItIsAsOldAsBeforeAmongThoseOfItsNewOwner) {
  Places places(3);
  Fill(places, kFew, 1, 1);
  Fill(places, kMany, 2, 3);
  places.Move(SendId{1}, kMany);
  places.Move(SendId{9}, kMany);  // of no CON under way: nothing
  ASSERT_EQ(places.Take(kFew), Verdict::kMakeRoom);
  EXPECT_EQ(places.ToGiveUp()->id, SendId{1});
  EXPECT_EQ(places.ToGiveUp()->standing, Standing::kUnproven);
}

TEST(Places, AllProvenThenAnUnprovenOneFindsNoneAndAProvenOneOfASmallerNetworkDoes) {
  Places places(2);
  Fill(places, kKnown, 1, 2);
  EXPECT_EQ(places.Take(kFew), Verdict::kFull);
  ASSERT_EQ(places.Take({Network{2}, Standing::kProven}), Verdict::kMakeRoom);
  EXPECT_EQ(places.ToGiveUp()->id, SendId{1});
  EXPECT_EQ(places.ToGiveUp()->standing, Standing::kProven);
}

TEST(Places, OneMoreIsAtItsOwnCostOnlyWhenItsOwnerHasMost) {
  Places places(3);
  Fill(places, kMany, 1, 2);
  EXPECT_FALSE(places.IsOwnCost(kMany));
  Fill(places, kFew, 3, 3);
  EXPECT_TRUE(places.IsOwnCost(kMany));
  EXPECT_FALSE(places.IsOwnCost(kFew));
  EXPECT_FALSE(places.IsOwnCost(kKnown));
}

TEST(Places, ReturnedThenThePlaceIsFree) {
  Places places(1);
  ASSERT_EQ(places.Take(kMany), Verdict::kFits);
  places.Return(kMany);
  Fill(places, kFew, 1, 1);
  places.End(SendId{1});
  places.End(SendId{1});
  Fill(places, kFew, 2, 2);
}

}  // namespace
}  // namespace lowband::edge::message
