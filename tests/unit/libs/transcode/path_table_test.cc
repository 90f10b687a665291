#include "libs/transcode/path_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

namespace lowband::transcode {
namespace {

using testing::ElementsAre;

std::vector<std::string> Split(std::string_view path) {
  std::vector<std::string> segments;
  for (size_t slash = path.find('/'); slash != std::string_view::npos;) {
    const size_t next = path.find('/', slash + 1);
    segments.emplace_back(path.substr(slash + 1, next - slash - 1));
    slash = next;
  }
  return segments;
}

std::vector<std::string> Compressed(std::string_view path) { return Compress(Split(path)); }

TEST(PathTable, HoldsEveryRowOfItsFile) {
  std::ifstream file("libs/transcode/coap_paths_v1.tsv");
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  size_t rows = 0;
  for (; std::getline(file, line); ++rows) {
    ASSERT_LT(rows, PathTable().size());
    const PathRow& row = PathTable()[rows];
    std::string path;
    for (std::string_view segment : row.segments) path.append("/").append(segment);
    if (row.trailing_slash) path += "/";
    EXPECT_EQ(line, std::string(1, row.code) + "\t" + path);
    EXPECT_EQ(FindPath(row.code), &row);
  }
  EXPECT_EQ(rows, 57u);
  EXPECT_EQ(rows, PathTable().size());
}

TEST(PathTable, OtherCodesHaveNoRow) {
  for (char code : {'v', 'z', '_', '/', '\0', '\xff'}) EXPECT_EQ(FindPath(code), nullptr);
}

TEST(Compress, PathsOfTheTableBecomeCodeAndValues) {
  EXPECT_THAT(Compressed("/_matrix/client/r0/sync"), ElementsAre("7"));
  EXPECT_THAT(Compressed("/_matrix/client/versions"), ElementsAre("0"));
  EXPECT_THAT(Compressed("/_matrix/client/r0/rooms/!foo:localhost/send/m.room.message/txn"),
              ElementsAre("9", "!foo:localhost", "m.room.message", "txn"));
  EXPECT_THAT(Compressed("/_matrix/client/r0/directory/list/room/!a:b"), ElementsAre("R", "!a:b"));
  EXPECT_THAT(Compressed("/_matrix/client/r0/user/@a:b/rooms/!c:d/tags/u.x"),
              ElementsAre("q", "@a:b", "!c:d", "u.x"));
}

TEST(Compress, EveryRowFitsItselfAndNoOther) {
  std::set<std::vector<std::string>> seen;
  for (const PathRow& row : PathTable()) {
    std::vector<std::string> segments;
    std::vector<std::string> expected{std::string(1, row.code)};
    for (std::string_view segment : row.segments) {
      segments.emplace_back(IsPlaceholder(segment) ? "value" : segment);
      if (IsPlaceholder(segment)) expected.emplace_back("value");
    }
    EXPECT_TRUE(seen.insert(segments).second);
    EXPECT_EQ(Compress(segments), expected);
  }
}

TEST(Compress, PathsThatFitNoRowStayAsTheyAre) {
  for (const char* path :
       {"/_matrix/client/v3/sync", "/_matrix/client/r0/sync/more", "/_matrix/client/r0", "/",
        "/_matrix/client/r0/Sync", "/_matrix/client/r0/rooms//state", "/_matrix/client/r0/sync/",
        "/.well-known/matrix/client", "/_matrix/client/r0/rooms/!a:b/state/m.room.name/"}) {
    EXPECT_EQ(Compressed(path), Split(path)) << path;
  }
  EXPECT_EQ(Compress({}), std::vector<std::string>());
}

TEST(Compress, TheRowWithASlashTakesThePathWithAndWithoutIt) {
  EXPECT_THAT(Compressed("/_matrix/client/r0/pushrules/"), ElementsAre("n"));
  EXPECT_THAT(Compressed("/_matrix/client/r0/pushrules"), ElementsAre("n"));
  EXPECT_EQ(Compressed("/_matrix/client/r0/pushrules//"), Split("/_matrix/client/r0/pushrules//"));
}

TEST(Compress, PlaceholdersTakeAnyText) {
  const std::vector<std::string> segments = {"_matrix", "client", "r0", "rooms",
                                             "a/b?#%",  "event",  "{x}"};
  EXPECT_THAT(Compress(segments), ElementsAre("A", "a/b?#%", "{x}"));
}

std::vector<std::string> ForLowband(std::string_view path) {
  return CompressForLowband(Split(path));
}

TEST(CompressForLowband, V3PathsThenTheirCodes) {
  EXPECT_THAT(ForLowband("/_matrix/client/v3/sync"), ElementsAre("37"));
  EXPECT_THAT(ForLowband("/_matrix/client/v3/rooms/!a:b/send/m.room.message/txn"),
              ElementsAre("39", "!a:b", "m.room.message", "txn"));
  EXPECT_THAT(ForLowband("/_matrix/client/v3/pushrules/"), ElementsAre("3n"));
  EXPECT_THAT(ForLowband("/_matrix/client/r0/sync"), ElementsAre("7")) << "shorter still";
  EXPECT_THAT(ForLowband("/_matrix/client/versions"), ElementsAre("0"));
}

TEST(CompressForLowband, PathsOfTodayThenTheirCodes) {
  EXPECT_THAT(ForLowband("/_matrix/client/unstable/org.matrix.simplified_msc3575/sync"),
              ElementsAre("4a"));
  EXPECT_THAT(ForLowband("/_matrix/client/v1/rooms/!a:b/relations/$e/m.thread"),
              ElementsAre("4k", "!a:b", "$e", "m.thread"));
  EXPECT_THAT(ForLowband("/.well-known/matrix/client"), ElementsAre("4H"));
  EXPECT_EQ(ForLowband("/_matrix/client/v9/sync"), Split("/_matrix/client/v9/sync"));
}

// They are on the wire: a row never changes.
TEST(OwnPathTable, HoldsEveryRowOfItsFile) {
  std::ifstream file("libs/transcode/coap_paths_v2.tsv");
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  size_t rows = 0;
  for (; std::getline(file, line); ++rows) {
    ASSERT_LT(rows, OwnPathTable().size());
    const PathRow& row = OwnPathTable()[rows];
    std::string path;
    for (std::string_view segment : row.segments) path.append("/").append(segment);
    EXPECT_EQ(line, std::string(1, row.code) + "\t" + path);
    EXPECT_EQ(FindOwnPath(row.code), &row);
    EXPECT_THAT(Compressed(path), testing::ElementsAreArray(Split(path))) << "MSC3079 has it";
  }
  EXPECT_EQ(rows, OwnPathTable().size());
  EXPECT_EQ(FindOwnPath('0'), nullptr);
}

}  // namespace
}  // namespace lowband::transcode
