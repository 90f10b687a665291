#include "libs/base/holdings.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>

#include "libs/base/random.h"

namespace lowband {
namespace {

TEST(Holdings, NothingThereThenNobodyHasMost) {
  const Holdings holdings;
  EXPECT_FALSE(holdings.Most());
  EXPECT_EQ(holdings.Of(1), 0u);
  EXPECT_EQ(holdings.size(), 0u);
}

TEST(Holdings, AddedAndRemovedThenCountsAndOrderFollow) {
  Holdings holdings;
  holdings.Add(1, 10);
  holdings.Add(2, 11);
  holdings.Add(2, 12);
  EXPECT_EQ(holdings.Most(), 2u);
  EXPECT_EQ(holdings.Oldest(2), 11u);
  EXPECT_EQ(holdings.Newest(2), 12u);
  holdings.Remove(2, 11);
  EXPECT_EQ(holdings.Oldest(2), 12u);
  holdings.Remove(2, 12);
  EXPECT_EQ(holdings.Of(2), 0u);
  EXPECT_EQ(holdings.Most(), 1u);
  EXPECT_EQ(holdings.size(), 1u);
}

TEST(Holdings, ManyChangesThenAsCountedByHand) {
  const auto random = MakeSeededRandom(7);
  Holdings holdings;
  std::map<Owner, std::set<uint64_t>> expected;
  for (uint64_t id = 1; id <= 20'000; ++id) {
    const Owner owner = random->Below(20);
    if (auto& own = expected[owner]; !own.empty() && random->Below(2) == 0) {
      const uint64_t gone = random->Below(2) == 0 ? *own.begin() : *own.rbegin();
      own.erase(gone);
      holdings.Remove(owner, gone);
    } else {
      own.insert(id);
      holdings.Add(owner, id);
    }
    size_t most = 0;
    for (const auto& [each, ids] : expected) most = std::max(most, ids.size());
    ASSERT_EQ(holdings.Most() ? holdings.Of(*holdings.Most()) : 0, most);
    if (expected[owner].empty()) continue;
    ASSERT_EQ(holdings.Oldest(owner), *expected[owner].begin());
    ASSERT_EQ(holdings.Newest(owner), *expected[owner].rbegin());
  }
}

}  // namespace
}  // namespace lowband
