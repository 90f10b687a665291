#include "services/translator/ingress/relay_places.h"

#include <gtest/gtest.h>

#include <vector>

namespace lowband::translator::ingress {
namespace {

constexpr size_t kPlaces = 16;

class RelayPlacesTest : public ::testing::Test {
 protected:
  /// True: it has a place. `dropped_` is the relay that made room, or 0.
  bool Enter(std::optional<Owner> network, uint64_t relay) {
    auto entered = places_.Enter(network, {{}, relay});
    dropped_ = entered.dropped ? entered.dropped->relay : 0;
    if (!entered.place) return false;
    held_.push_back(std::move(*entered.place));
    return true;
  }

  RelayPlaces places_{kPlaces};
  std::vector<RelayPlaces::Place> held_;
  uint64_t dropped_ = 0;
};

TEST_F(RelayPlacesTest, PlaceEndsThenItIsFree) {
  for (uint64_t relay = 1; relay <= kPlaces; ++relay) EXPECT_TRUE(Enter(1, relay));
  EXPECT_FALSE(Enter(1, 100));
  EXPECT_EQ(places_.used(), kPlaces);
  held_.pop_back();
  EXPECT_TRUE(Enter(1, 101));
  held_.clear();
  EXPECT_EQ(places_.used(), 0U);
}

TEST_F(RelayPlacesTest, OneNetworkHasAllThenItsOldestMakesRoomForOthersDownToAnEighth) {
  for (uint64_t relay = 1; relay <= kPlaces; ++relay) EXPECT_TRUE(Enter(1, relay));
  for (Owner other = 2; other <= kPlaces - 1; ++other) {
    EXPECT_TRUE(Enter(other, 100 + other));
    EXPECT_EQ(dropped_, other - 1);
  }
  EXPECT_EQ(places_.used(), kPlaces);
  EXPECT_FALSE(Enter(99, 200));
  EXPECT_EQ(dropped_, 0U);
}

TEST_F(RelayPlacesTest, TwoHaveMuchThenNeitherPushesOutTheOthers) {
  for (uint64_t relay = 1; relay <= kPlaces / 2; ++relay) {
    EXPECT_TRUE(Enter(1, relay));
    EXPECT_TRUE(Enter(2, 100 + relay));
  }
  EXPECT_FALSE(Enter(1, 200));
  EXPECT_FALSE(Enter(2, 201));
  EXPECT_TRUE(Enter(3, 202));
  EXPECT_TRUE(dropped_ == 1 || dropped_ == 101);
  EXPECT_FALSE(Enter(dropped_ == 1 ? 1 : 2, 203));
}

TEST_F(RelayPlacesTest, NetworkIsNotKnownThenItNeitherGivesNorTakes) {
  for (uint64_t relay = 1; relay <= kPlaces / 2; ++relay) EXPECT_TRUE(Enter(std::nullopt, relay));
  for (uint64_t relay = 1; relay <= kPlaces / 2; ++relay) EXPECT_TRUE(Enter(1, 100 + relay));
  EXPECT_FALSE(Enter(std::nullopt, 200));
  EXPECT_TRUE(Enter(2, 201));
  EXPECT_EQ(dropped_, 101U);
}

TEST_F(RelayPlacesTest, DroppedOnesPlaceEndsThenNothingChanges) {
  for (uint64_t relay = 1; relay <= kPlaces; ++relay) EXPECT_TRUE(Enter(1, relay));
  EXPECT_TRUE(Enter(2, 100));
  held_.erase(held_.begin());
  EXPECT_EQ(places_.used(), kPlaces);
}

TEST(RelayNetwork, AddressThenItsSite) {
  EXPECT_EQ(NetworkOf("192.0.2.1"), NetworkOf("192.0.2.1"));
  EXPECT_NE(NetworkOf("192.0.2.1"), NetworkOf("192.0.2.2"));
  EXPECT_EQ(NetworkOf("2001:db8:0:1::1"), NetworkOf("2001:db8:0:2::2"));
  EXPECT_NE(NetworkOf("2001:db8:0:1::1"), NetworkOf("2001:db8:1::1"));
  EXPECT_FALSE(NetworkOf("unknown"));
  EXPECT_FALSE(NetworkOf(""));
}

}  // namespace
}  // namespace lowband::translator::ingress
