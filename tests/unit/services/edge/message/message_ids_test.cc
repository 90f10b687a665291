#include "services/edge/message/message_ids.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "services/edge/message/limits.h"

namespace lowband::edge::message {
namespace {

TimePoint At(double s) {
  return TimePoint() +
         std::chrono::round<std::chrono::milliseconds>(std::chrono::duration<double>(s));
}

TEST(RecentIds, EmptyThenNothingIsKnownAndOneIsFree) {
  const RecentIds ids(0);
  EXPECT_FALSE(ids.Contains(At(0), 0));
  EXPECT_EQ(ids.FirstFree(At(0), 0), 1);
  EXPECT_EQ(ids.FirstFree(At(0), 700), 700);
}

TEST(RecentIds, IdIsKnownForItsLifetimeAndLittleLonger) {
  RecentIds ids(0);
  EXPECT_TRUE(ids.Add(At(0), 5));
  EXPECT_TRUE(ids.Contains(At(246.9), 5));
  EXPECT_FALSE(ids.Contains(At(247), 5));
  // The oldest of a run lives as long as its youngest.
  EXPECT_TRUE(ids.Add(At(300), 6));
  EXPECT_TRUE(ids.Add(At(316), 7));
  EXPECT_TRUE(ids.Contains(At(562), 6));
  EXPECT_FALSE(ids.Contains(At(563), 6));
}

TEST(RecentIds, FirstFreeJumpsOverRunsAndZero) {
  RecentIds ids(0);
  for (uint32_t id = 65000; id <= 65535; ++id) ids.Add(At(0), static_cast<uint16_t>(id));
  ids.Add(At(0), 0);
  ids.Add(At(0), 1);
  ids.Add(At(20), 2);  // a run of its own
  EXPECT_EQ(ids.FirstFree(At(20), 65000), 3);
  EXPECT_EQ(ids.FirstFree(At(20), 64999), 64999);
  EXPECT_EQ(ids.FirstFree(At(20), 0), 3);
}

TEST(RecentIds, EveryIdInUseThenNoneIsFree) {
  RecentIds ids(0);
  for (uint32_t id = 0; id <= 0xffff; ++id) ids.Add(At(0), static_cast<uint16_t>(id));
  EXPECT_EQ(ids.FirstFree(At(1), 77), std::nullopt);
  EXPECT_EQ(ids.FirstFree(At(300), 77), 77);
}

TEST(RecentIds, OverItsLimitThenTheOldestIsForgottenAndTold) {
  RecentIds ids(0);
  for (size_t i = 0; i < kIdRunsMax; ++i) {
    EXPECT_TRUE(ids.Add(At(1), static_cast<uint16_t>(i * 7)));
  }
  EXPECT_TRUE(ids.Contains(At(1), 0));
  EXPECT_FALSE(ids.Add(At(1), 60000));
  EXPECT_FALSE(ids.Contains(At(1), 0));
  EXPECT_TRUE(ids.Contains(At(1), 7));
  // When they are old, they make room by themselves.
  EXPECT_TRUE(ids.Add(At(300), 61000));
}

TEST(RecentIds, GapsAreTakenForUsedOnlyUpToTheirLimit) {
  RecentIds ids(2);
  ids.Add(At(0), 10);
  ids.Add(At(0), 13);
  ids.Add(At(0), 17);
  for (const uint16_t id : {10, 11, 12, 13, 17}) EXPECT_TRUE(ids.Contains(At(0), id)) << id;
  for (const uint16_t id : {9, 14, 15, 16, 18}) EXPECT_FALSE(ids.Contains(At(0), id)) << id;
}

// A client that counts up for several connections, with losses and overtaking.
class CountingClient {
 public:
  template <class Check>
  void Play(RecentIds& ids, Check check) {
    std::mt19937 random(3);
    uint16_t next = 65000;
    for (double now = 0; now < 1500; now += 0.05) {
      const auto id = static_cast<uint16_t>(next + random() % 4);
      if (random() % 3 != 0) ++next;
      const bool kept = ids.Add(At(now), id);
      used_[id] = now;
      if (random() % 1000 == 0) check(now, kept);
    }
  }
  bool Used(double now, uint16_t id, double within) const {
    const auto it = used_.find(id);
    return it != used_.end() && now - it->second < within;
  }

 private:
  std::map<uint16_t, double> used_;
};

TEST(RecentIds, CountingClientIsRememberedInFull) {
  RecentIds ids(kIdGapMax);
  CountingClient client;
  client.Play(ids, [&](double now, bool kept) {
    EXPECT_TRUE(kept);
    for (uint32_t id = 0; id <= 0xffff; ++id) {
      const auto known = static_cast<uint16_t>(id);
      if (client.Used(now, known, 246.9)) {
        ASSERT_TRUE(ids.Contains(At(now), known)) << now;
      }
    }
    const auto free = ids.FirstFree(At(now), 65100);
    ASSERT_TRUE(free);
    ASSERT_FALSE(ids.Contains(At(now), *free));
  });
}

TEST(RecentIds, ExactOneKnowsNothingThatWasNotUsed) {
  RecentIds ids(0);
  CountingClient client;
  client.Play(ids, [&](double now, bool) {
    for (uint32_t id = 0; id <= 0xffff; ++id) {
      const auto known = static_cast<uint16_t>(id);
      if (!client.Used(now, known, 264)) {
        ASSERT_FALSE(ids.Contains(At(now), known)) << now;
      }
    }
  });
}

}  // namespace
}  // namespace lowband::edge::message
