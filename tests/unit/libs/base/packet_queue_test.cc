#include "libs/base/packet_queue.h"

#include <gtest/gtest.h>

namespace lowband {
namespace {

TEST(PacketQueue, PushedThenPoppedInOrder) {
  PacketQueue<int> queue;
  queue.Push(1, AsBytes("one"));
  queue.Push(2, AsBytes(""));
  queue.Push(3, AsBytes("three"));
  EXPECT_EQ(queue.size(), 3U);
  for (const auto& [header, text] : {std::pair{1, "one"}, {2, ""}, {3, "three"}}) {
    const auto packet = queue.Pop();
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->header, header);
    EXPECT_EQ(AsText(packet->bytes), text);
  }
  EXPECT_FALSE(queue.Pop());
  EXPECT_TRUE(queue.empty());
}

TEST(PacketQueue, PushBetweenPopsThenNothingIsLost) {
  PacketQueue<int> queue;
  int next_in = 0;
  int next_out = 0;
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 3; ++i, ++next_in) queue.Push(next_in, AsBytes(std::to_string(next_in)));
    for (int i = 0; i < (round % 2 == 0 ? 2 : 4); ++i, ++next_out) {
      const auto packet = queue.Pop();
      ASSERT_TRUE(packet);
      EXPECT_EQ(AsText(packet->bytes), std::to_string(next_out));
    }
  }
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace lowband
