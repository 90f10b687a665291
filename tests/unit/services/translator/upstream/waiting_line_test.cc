#include "services/translator/upstream/waiting_line.h"

#include <gmock/gmock.h>

#include <vector>

namespace lowband::translator::upstream {
namespace {

std::vector<uint64_t> TakeAll(WaitingLine& line) {
  std::vector<uint64_t> ids;
  while (const auto first = line.First()) ids.push_back(line.Take(first->owner));
  return ids;
}

TEST(WaitingLine, OneHasManyThenOthersGoBetween) {
  WaitingLine line;
  for (uint64_t id = 1; id <= 4; ++id) line.Join('A', id, 0);
  line.Join('B', 5, 0);
  line.Join('C', 6, 0);
  line.Join('C', 7, 0);
  EXPECT_THAT(TakeAll(line), ::testing::ElementsAre(1, 5, 6, 2, 7, 3, 4));
  EXPECT_EQ(line.waiting().size(), 0u);
}

TEST(WaitingLine, RanksDifferThenTheLowerOnesGoFirst) {
  WaitingLine line;
  line.Join('A', 1, 1);
  line.Join('A', 2, 1);
  line.Join('B', 3, 0);
  line.Join('B', 4, 0);
  EXPECT_EQ(line.Take(line.First()->owner), 3u);
  line.SetRank('B', 2);
  EXPECT_EQ(line.First()->rank, 1u);
  EXPECT_THAT(TakeAll(line), ::testing::ElementsAre(1, 2, 4));
}

TEST(WaitingLine, LeavesThenItsOwnerKeepsItsTurnWithTheRest) {
  WaitingLine line;
  line.Join('A', 1, 0);
  line.Join('A', 2, 0);
  line.Join('B', 3, 0);
  line.Leave('A', 1);
  EXPECT_EQ(line.First()->owner, Owner{'A'});
  line.Leave('A', 2);
  line.SetRank('A', 5);  // waits no more: nothing
  EXPECT_THAT(TakeAll(line), ::testing::ElementsAre(3));
}

}  // namespace
}  // namespace lowband::translator::upstream
