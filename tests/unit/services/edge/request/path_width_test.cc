#include "services/edge/request/path_width.h"

#include <gtest/gtest.h>

namespace lowband::edge::request {
namespace {

constexpr uint8_t kLarge = 6;

TEST(PathWidth, LargestMessageThatPassedCounts) {
  PathWidth path;
  path.Passed(500);
  path.Passed(300);
  EXPECT_EQ(path.passed_bytes(), 500u);
  path.Forget();
  EXPECT_EQ(path.passed_bytes(), 0u);
}

TEST(PathWidth, NarrowThenSmallBlocks) {
  PathWidth path;
  EXPECT_EQ(path.szx(kLarge), kLarge);
  EXPECT_TRUE(path.Narrow());
  EXPECT_FALSE(path.Narrow()) << "it was narrow already";
  EXPECT_EQ(path.szx(kLarge), kSmallSzx);
  EXPECT_EQ(path.szx(0), 0) << "smaller blocks stay as they are";
}

TEST(PathWidth, SmallMessagePassesAtOnceThenItStaysNarrow) {
  PathWidth path;
  path.Narrow();
  path.Probe({7});
  path.OnDelivered({.session = {}, .id = {7}, .bytes = 100, .repeats = 0});
  EXPECT_EQ(path.szx(kLarge), kSmallSzx);
  path.OnUndelivered({7});
  EXPECT_EQ(path.szx(kLarge), kSmallSzx) << "its fate was known";
}

TEST(PathWidth, SmallMessageIsLostTooThenItWasNotTheSize) {
  PathWidth repeated;
  repeated.Narrow();
  repeated.Probe({7});
  repeated.OnDelivered({.session = {}, .id = {8}, .bytes = 100, .repeats = 3});
  EXPECT_EQ(repeated.szx(kLarge), kSmallSzx) << "another message";
  repeated.OnDelivered({.session = {}, .id = {7}, .bytes = 100, .repeats = 1});
  EXPECT_EQ(repeated.szx(kLarge), kLarge);

  PathWidth lost;
  lost.Narrow();
  lost.Probe({7});
  lost.OnUndelivered({7});
  EXPECT_EQ(lost.szx(kLarge), kLarge);
}

}  // namespace
}  // namespace lowband::edge::request
