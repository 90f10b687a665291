#include "libs/transcode/edits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "libs/base/bytes.h"
#include "libs/transcode/cbor_head.h"

namespace lowband::transcode {
namespace {

std::string Dropped(std::string text, std::initializer_list<std::pair<uint32_t, uint32_t>> ranges) {
  Drops drops;
  for (const auto& [begin, end] : ranges) drops.Add(begin, end);
  auto* const out = reinterpret_cast<uint8_t*>(text.data());
  text.resize(drops.Apply(out, text.size(), nullptr));
  return text;
}

TEST(Drops, RangesAreTakenOut) {
  EXPECT_EQ(Dropped("abcdef", {}), "abcdef");
  EXPECT_EQ(Dropped("abcdef", {{0, 2}}), "cdef");
  EXPECT_EQ(Dropped("abcdef", {{4, 6}}), "abcd");
  EXPECT_EQ(Dropped("abcdef", {{3, 4}, {1, 2}}), "acef");
  EXPECT_EQ(Dropped("abcdef", {{1, 2}, {2, 4}}), "aef");
}

TEST(Drops, RangesInsideOthersAddNothing) {
  EXPECT_EQ(Dropped("abcdef", {{2, 3}, {1, 5}, {4, 5}}), "af");
  EXPECT_EQ(Dropped("abcdef", {{1, 3}, {1, 5}}), "af");
}

TEST(Growths, HeadsGrowAndWhatIsBehindMoves) {
  Growths growths;
  Bytes out = {0x80, 0x01, 0xa0, 0x02, 0x03, 0x80, 0x04};
  growths.Insert(0, {5, 24});
  growths.Insert(0, {2, 256});  // opened before: stands before
  growths.Insert(0, {0, 65536});
  EXPECT_EQ(growths.Added(), 1u + 2u + 4u);
  out.resize(out.size() + growths.Added());
  growths.Apply(out.data(), 7);
  EXPECT_EQ(ToHex(out),
            "9a0001000001"
            "b901000203"
            "981804");
}

TEST(Drops, GrowthsMoveAlongAndVanishInside) {
  Growths growths;
  Drops drops;
  Bytes out = {0x80, 0x11, 0x80, 0x22, 0x80, 0x33, 0x80};
  for (uint32_t at : {0, 2, 4, 6}) growths.Insert(growths.size(), {at, 24});
  drops.Add(1, 4);
  const size_t size = drops.Apply(out.data(), out.size(), &growths);
  EXPECT_EQ(size, 4u);
  out.resize(size + growths.Added());
  growths.Apply(out.data(), size);
  EXPECT_EQ(ToHex(out),
            "9818"
            "9818"
            "33"
            "9818");
}

}  // namespace
}  // namespace lowband::transcode
