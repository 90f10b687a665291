#include "libs/base/spare_nodes.h"

#include <gtest/gtest.h>

#include <list>
#include <string>
#include <unordered_map>

namespace lowband {
namespace {

using Map = std::unordered_map<int, std::string>;

class SpareNodesTest : public ::testing::Test {
 protected:
  Map map_;
  SpareNodes<Map> spares_{2};
};

TEST_F(SpareNodesTest, KnownThenItselfAndNotNew) {
  map_[1] = "one";
  const auto [entry, fresh] = spares_.FindOrInsert(map_, 1);
  EXPECT_FALSE(fresh);
  EXPECT_EQ(entry->second, "one");
}

TEST_F(SpareNodesTest, ErasedThenTheNextHasItsNodeAndValue) {
  const auto [first, fresh] = spares_.FindOrInsert(map_, 1);
  ASSERT_TRUE(fresh);
  first->second = std::string(1000, 'x');
  const char* storage = first->second.data();
  spares_.Erase(map_, first);
  EXPECT_TRUE(map_.empty());
  EXPECT_EQ(spares_.size(), 1U);
  const auto [second, fresh_again] = spares_.FindOrInsert(map_, 2);
  EXPECT_TRUE(fresh_again);
  EXPECT_EQ(second->first, 2);
  EXPECT_EQ(second->second.data(), storage);
  EXPECT_EQ(spares_.size(), 0U);
  EXPECT_EQ(map_.size(), 1U);
}

TEST_F(SpareNodesTest, MoreErasedThanItKeepsThenTheRestIsFreed) {
  for (int key = 0; key < 5; ++key) spares_.FindOrInsert(map_, key);
  while (!map_.empty()) spares_.Erase(map_, map_.begin());
  EXPECT_EQ(spares_.size(), 2U);
}

TEST(SpareListNodesTest, ErasedThenTheNextHasItsNodeInAnyList) {
  std::list<int> first;
  std::list<int> second{1};
  SpareListNodes<int> spares(1);
  const int* node = &*spares.Append(first, 7);
  spares.Erase(first, first.begin());
  EXPECT_TRUE(first.empty());
  EXPECT_EQ(&*spares.Append(second, 8), node);
  EXPECT_EQ(second, (std::list<int>{1, 8}));
  while (!second.empty()) spares.Erase(second, second.begin());
  EXPECT_EQ(spares.size(), 1U) << "the maximum";
}

}  // namespace
}  // namespace lowband
