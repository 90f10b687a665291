#include "libs/coap/block.h"

#include <gtest/gtest.h>

namespace lowband::coap {
namespace {

Bytes Encode(uint32_t value, size_t size) {
  Bytes out(size);
  for (size_t i = 0; i < size; ++i) {
    out[i] = static_cast<uint8_t>(value >> (8 * (size - 1 - i)));
  }
  return out;
}

TEST(Block, EmptyValueIsTheFirstBlockOfSixteenBytes) {
  const auto block = ParseBlock({});
  ASSERT_TRUE(block);
  EXPECT_EQ(*block, (Block{0, false, 0}));
  EXPECT_EQ(block->size(), 16u);
}

TEST(Block, EveryNumberMoreAndSizeSurvivesPacking) {
  for (uint8_t szx = 0; szx <= 6; ++szx) {
    for (const bool more : {false, true}) {
      for (const uint32_t number : {0u, 1u, 15u, 16u, 4095u, 4096u, 65535u, Block::kNumberMax}) {
        const Block block{number, more, szx};
        EXPECT_EQ(ParseBlock(Encode(block.Pack(), 3)), block);
      }
    }
  }
}

TEST(Block, OffsetIsNumberTimesSize) {
  EXPECT_EQ((Block{3, true, 6}).offset(), 3072u);
  EXPECT_EQ((Block{5, false, 0}).offset(), 80u);
  EXPECT_EQ((Block{Block::kNumberMax, false, 6}).offset(), size_t{Block::kNumberMax} * 1024);
}

TEST(Block, ReservedSizeIsRefused) {
  EXPECT_FALSE(ParseBlock(Encode(0x07, 1)));
  EXPECT_FALSE(ParseBlock(Encode(0x1f, 1)));
}

TEST(Block, ValueOfMoreThanThreeBytesIsRefused) { EXPECT_FALSE(ParseBlock(Encode(0x06, 4))); }

}  // namespace
}  // namespace lowband::coap
