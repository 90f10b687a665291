#include "libs/transcode/simd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace lowband::transcode {
namespace {

template <class B>
class Blocks : public testing::Test {};

#if defined(__SSE2__)
using BlockTypes = testing::Types<SwarBlock, SseBlock>;
#else
using BlockTypes = testing::Types<SwarBlock>;
#endif
TYPED_TEST_SUITE(Blocks, BlockTypes);

TYPED_TEST(Blocks, EveryByteAtEveryPlaceIsSeenForWhatItIs) {
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t at = 0; at < TypeParam::kBytes; ++at) {
      std::vector<uint8_t> bytes(TypeParam::kBytes, 'x');
      bytes[at] = static_cast<uint8_t>(byte);
      const TypeParam block = TypeParam::Load(bytes.data());
      const bool special = byte < 0x20 || byte == '"' || byte == '\\';
      ASSERT_EQ(block.AnySpecial(), special) << byte;
      ASSERT_EQ(special ? block.FirstSpecial() : at, at) << byte;
      ASSERT_EQ(block.Ascii(), byte < 0x80) << byte;
    }
  }
}

TYPED_TEST(Blocks, FirstOfTwoSpecialBytesIsFound) {
  const std::string specials = {'\0', '\x01', '\x1f', '"', '\\',   '!',
                                '#',  '[',    ']',    ' ', '\x7f', '\xff'};
  for (char first : specials) {
    for (char second : specials) {
      std::vector<uint8_t> bytes(TypeParam::kBytes, 'x');
      bytes[2] = static_cast<uint8_t>(first);
      bytes[3] = static_cast<uint8_t>(second);
      const auto expected = std::find_if(bytes.begin(), bytes.end(), IsSpecial) - bytes.begin();
      const TypeParam block = TypeParam::Load(bytes.data());
      if (block.AnySpecial()) {
        ASSERT_EQ(block.FirstSpecial(), static_cast<size_t>(expected));
      } else {
        ASSERT_EQ(static_cast<size_t>(expected), bytes.size());
      }
    }
  }
}

TYPED_TEST(Blocks, FindSpecialStopsAtTheEnd) {
  for (size_t size = 0; size < 70; ++size) {
    const std::vector<uint8_t> bytes(size, 0x80);  // exactly that long: a sanitizer would see more
    EXPECT_EQ(FindSpecial<TypeParam>(bytes.data(), bytes.data() + size), bytes.data() + size);
    for (size_t at = 0; at < size; ++at) {
      std::vector<uint8_t> marked = bytes;
      marked[at] = '"';
      ASSERT_EQ(FindSpecial<TypeParam>(marked.data(), marked.data() + size), marked.data() + at);
    }
  }
}

TEST(CopyPadded, CopiesAnySizeAndKeepsWithinItsPadding) {
  for (size_t size = 0; size < 300; ++size) {
    for (size_t behind : {0, 5, 40}) {
      std::vector<uint8_t> from(size + behind);
      from.reserve(1);  // never null
      for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<uint8_t>(i * 7);
      std::vector<uint8_t> to(size + kCopyPadding + 1, 0xee);
      CopyPadded(to.data(), from.data(), size, from.data() + from.size());
      ASSERT_TRUE(std::equal(to.begin(), to.begin() + static_cast<ptrdiff_t>(size), from.begin()));
      ASSERT_EQ(to.back(), 0xee);
    }
  }
}

}  // namespace
}  // namespace lowband::transcode
