#include "services/edge/request/kept_body.h"

#include <gtest/gtest.h>

#include "libs/base/random.h"

namespace lowband::edge::request {
namespace {

constexpr size_t kWindow = 8192;

Bytes BodyOf(size_t size) {
  Bytes body(size);
  for (size_t i = 0; i < size; ++i) body[i] = static_cast<uint8_t>(i * 7 + i / 256);
  return body;
}

bool Same(ByteView a, ByteView b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

TEST(KeptBody, WholeThenEveryBlockIsThereAndNoneIsEverPassed) {
  KeptBody body(BodyOf(2500));
  EXPECT_EQ(body.bytes_max(), 2500U);
  EXPECT_TRUE(body.Has({2, false, 6}));
  EXPECT_EQ(body.At({2, false, 6}).size(), 2500U - 2048U);
  EXPECT_EQ(body.Pass(2048), std::nullopt);
  EXPECT_FALSE(body.IsPast(0));
}

TEST(KeptBody, WindowThenItsRoomIsAllThatIsTaken) {
  KeptBody body(1 << 20, 0, kWindow);
  EXPECT_EQ(body.bytes_max(), kWindow);
  EXPECT_EQ(body.size(), size_t{1} << 20);
  EXPECT_FALSE(body.Has({0, true, 6}));
  body.Add(BodyOf(1000));
  EXPECT_FALSE(body.Has({0, true, 6})) << "only a part of it has come";
  body.Add(BodyOf(24));
  EXPECT_TRUE(body.Has({0, true, 6}));
}

// Whoever sends no more than it was given credit for keeps within the window, wherever the client
// jumps; and every block that is wanted comes in the end.
TEST(KeptBody, RandomWalkThenNeverMoreThanTheWindowAndEachBlockIsRight) {
  const auto random = MakeSeededRandom(5);
  const Bytes whole = BodyOf(200'000);
  for (int round = 0; round < 50; ++round) {
    KeptBody body(whole.size(), 0, kWindow);
    size_t until = kWindow;
    for (size_t number = 0; number * 1024 < whole.size();) {
      const coap::Block block{static_cast<uint32_t>(number), true, 6};
      if (const auto more = body.Pass(block.offset())) until = std::max(until, *more);
      while (!body.Has(block)) {
        const size_t room = std::min(until, whole.size()) - body.end();
        ASSERT_GT(room, 0U) << "nothing may be sent, and block " << number << " is waited for";
        const size_t size = 1 + random->Below(room);
        body.Add(ByteView(whole).subspan(body.end(), size));
      }
      const ByteView at = body.At(block);
      ASSERT_TRUE(Same(at, ByteView(whole).subspan(block.offset(), at.size())));
      number += random->Below(8) == 0 ? 1 + random->Below(30) : 1;
    }
  }
}

TEST(KeptBody, ClientHasLostTheLastBlocksThenTheyAreStillThere) {
  KeptBody body(100'000, 0, kWindow);
  body.Add(BodyOf(kWindow));
  EXPECT_EQ(body.Pass(5 * 1024), 2 * size_t{1024} + 1024 + kWindow);
  EXPECT_TRUE(body.Has({3, true, 6}));
  EXPECT_TRUE(body.IsPast(2 * 1024));
}

TEST(KeptBody, BegunAnewThenItGoesOnFromThere) {
  const Bytes whole = BodyOf(50'000);
  KeptBody body(whole.size(), 0, kWindow);
  body.Add(ByteView(whole).first(kWindow));
  body.Restart(20'480);
  EXPECT_FALSE(body.Has({20, true, 6}));
  body.Add(ByteView(whole).subspan(20'480, kWindow));
  EXPECT_TRUE(Same(body.At({20, true, 6}), ByteView(whole).subspan(20'480, 1024)));
}

}  // namespace
}  // namespace lowband::edge::request
