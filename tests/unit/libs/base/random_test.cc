#include "libs/base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace lowband {
namespace {

TEST(SeededRandom, SameSeedThenSameSequence) {
  auto a = MakeSeededRandom(7);
  auto b = MakeSeededRandom(7);
  auto c = MakeSeededRandom(8);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const uint64_t value = a->Below(1'000'000);
    EXPECT_EQ(value, b->Below(1'000'000));
    differs |= value != c->Below(1'000'000);
  }
  EXPECT_TRUE(differs);
}

TEST(Random, BelowThenAlwaysInRangeAndEveryValueOccurs) {
  auto random = MakeSystemRandom();
  std::set<uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const uint64_t value = random->Below(5);
    ASSERT_LT(value, 5U);
    seen.insert(value);
  }
  EXPECT_EQ(seen.size(), 5U);
  for (int i = 0; i < 100; ++i) {
    const double unit = random->Unit();
    EXPECT_GE(unit, 0.0);
    EXPECT_LT(unit, 1.0);
  }
}

TEST(SystemRandom, LongFillThenNoRepeats) {
  auto random = MakeSystemRandom();
  std::set<std::array<uint8_t, 8>> seen;
  for (int i = 0; i < 1000; ++i) {
    std::array<uint8_t, 8> value{};
    random->Fill(value);
    EXPECT_TRUE(seen.insert(value).second);
  }
}

}  // namespace
}  // namespace lowband
