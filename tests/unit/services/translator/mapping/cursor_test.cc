#include "services/translator/mapping/cursor.h"

#include <gtest/gtest.h>

#include "libs/base/bytes.h"
#include "services/translator/mapping/limits.h"

namespace lowband::translator::mapping {
namespace {

TEST(Cursor, WrittenThenReadBack) {
  for (const std::string& next_batch :
       {std::string("s"), std::string("s72_5~1.6_0"), std::string("a\0b", 3),
        std::string("\xc3\xa9"), std::string(kNextBatchBytesMax, 'x')}) {
    for (const uint64_t residue : {uint64_t{0}, uint64_t{0x8081828384858687}, UINT64_MAX}) {
      const Cursor cursor{next_batch, residue};
      EXPECT_EQ(ReadCursor(WriteCursor(cursor)), cursor) << next_batch;
    }
  }
}

TEST(Cursor, LayoutThenTheSameInEveryBuild) {
  // Another replica, or this one after an update, has to read it.
  EXPECT_EQ(ToHex(AsBytes(WriteCursor({"s1", 0x0102030405060708}))),
            "010102030405060708"
            "7331");
}

TEST(Cursor, PositionsOfExtensionsThenReadBack) {
  const ExtensionPositions longest = {
      {std::string(kExtensionNameBytesMax, 'n'), std::string(kExtensionPositionBytesMax, 's')}};
  for (const ExtensionPositions& positions : {ExtensionPositions{{"to_device", "9"}},
                                              ExtensionPositions{{"", ""}, {"x", "y"}}, longest}) {
    const Cursor cursor{"5/s72", 7, positions};
    EXPECT_EQ(ReadCursor(WriteCursor(cursor)), cursor);
  }
  EXPECT_EQ(ToHex(AsBytes(WriteCursor({"s1", 0x0102030405060708, {{"ab", "9"}}}))),
            "020102030405060708"
            "01"
            "026162"
            "000139"
            "7331");
}

TEST(Cursor, PositionsCutShortThenNone) {
  const std::string good = WriteCursor({"s", 7, {{"to_device", "9"}, {"x", "10"}}});
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(ReadCursor(good.substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(ReadCursor(WriteCursor({"s", 7, {{"\xff", "9"}}})), std::nullopt);
  EXPECT_EQ(ReadCursor(WriteCursor({"s", 7, ExtensionPositions(kExtensionPositionsMax + 1)})),
            Cursor({"s", 7, {{}}}))
      << "all of one name";
}

TEST(Cursor, GarbageThenNone) {
  const std::string good = WriteCursor({"s72", 7});
  EXPECT_EQ(ReadCursor(""), std::nullopt);
  EXPECT_EQ(ReadCursor("s72_5_0"), std::nullopt) << "a bare next_batch";
  for (size_t size = 0; size <= good.size() - 3; ++size) {
    EXPECT_EQ(ReadCursor(good.substr(0, size)), std::nullopt) << size;
  }
  for (const char version : {'\x00', '\x03', '\xff'}) {
    std::string other = good;
    other[0] = version;
    EXPECT_EQ(ReadCursor(other), std::nullopt) << "another version";
  }
  EXPECT_EQ(ReadCursor(good + "\xff"), std::nullopt) << "not UTF-8";
  EXPECT_EQ(ReadCursor(WriteCursor({std::string(kNextBatchBytesMax + 1, 'x'), 0})), std::nullopt);
}

}  // namespace
}  // namespace lowband::translator::mapping
