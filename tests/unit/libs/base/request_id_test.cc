#include "libs/base/request_id.h"

#include <gtest/gtest.h>

#include "libs/base/line_budget.h"
#include "libs/base/pseudonym.h"

namespace lowband {
namespace {

/// Gives zeros, then what `next` says.
class Zeros final : public Random {
 public:
  void Fill(std::span<uint8_t> out) override {
    for (uint8_t& byte : out) byte = calls == 0 ? 0 : 7;
    ++calls;
  }
  int calls = 0;
};

TEST(RequestId, MadeThenNeverZero) {
  Zeros random;
  EXPECT_EQ(MakeRequestId(random).Text(), "07070707070707070707070707070707");
  EXPECT_EQ(random.calls, 2);
}

TEST(RequestId, FromBytesThenOnlySixteenAndNotAllZero) {
  const RequestId id = MakeRequestId(*MakeSeededRandom(1));
  EXPECT_EQ(ReadRequestId(id.bytes), id);
  EXPECT_FALSE(ReadRequestId({}));
  EXPECT_FALSE(ReadRequestId(ByteView(id.bytes).subspan(1)));
  EXPECT_FALSE(ReadRequestId(Bytes(17, 1)));
  EXPECT_FALSE(ReadRequestId(Bytes(16, 0)));
  EXPECT_TRUE(RequestId{}.empty());
}

TEST(Pseudonym, SameSaltThenSameClientSamePseudonym) {
  const PseudonymSalt salt{'s'};
  const PseudonymSalt other{'t'};
  EXPECT_EQ(PseudonymOf(salt, "192.0.2.1"), PseudonymOf(salt, "192.0.2.1"));
  EXPECT_NE(PseudonymOf(salt, "192.0.2.1"), PseudonymOf(salt, "192.0.2.2"));
  EXPECT_NE(PseudonymOf(salt, "192.0.2.1"), PseudonymOf(other, "192.0.2.1"));
  EXPECT_EQ(PseudonymText(0x00c0ffee), "00c0ffee");
}

TEST(LineBudget, MoreThanItsLinesThenCountedForTheNextOne) {
  LineBudget budget(2);
  TimePoint now = TimePoint() + std::chrono::hours(1);
  EXPECT_EQ(budget.Take(now), 0u);
  EXPECT_EQ(budget.Take(now), 0u);
  EXPECT_FALSE(budget.Take(now));
  EXPECT_FALSE(budget.Take(now + std::chrono::milliseconds(999)));
  now += std::chrono::seconds(1);
  EXPECT_EQ(budget.Take(now), 2u);
  EXPECT_EQ(budget.Take(now), 0u);
}

}  // namespace
}  // namespace lowband
