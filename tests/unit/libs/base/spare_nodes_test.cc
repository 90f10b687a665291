#include "libs/base/spare_nodes.h"

#include <gtest/gtest.h>

#include <list>

namespace lowband {
namespace {

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
