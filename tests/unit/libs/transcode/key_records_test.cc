#include "libs/transcode/key_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace lowband::transcode {
namespace {

uint64_t Hash(std::string_view text) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  return KeyTextHash(bytes, text.size(), StartOf(bytes, text.size(), bytes + text.size()));
}

TEST(KeyTextHash, DiffersWithEveryByteAndLength) {
  std::set<uint64_t> hashes;
  size_t texts = 0;
  for (size_t size = 0; size < 80; ++size) {
    const std::string text(size, 'x');
    hashes.insert(Hash(text));
    ++texts;
    for (size_t i = 0; i < size; ++i) {
      std::string other = text;
      other[i] = 'y';
      hashes.insert(Hash(other));
      ++texts;
    }
  }
  hashes.insert(Hash(std::string_view("\0", 1)));
  EXPECT_EQ(hashes.size(), texts + 1);
}

TEST(KeyFilter, RemembersWhatItSaw) {
  KeyFilter filter;
  filter.Clear();
  for (unsigned id = 1; id <= kKeyIdMax; ++id) EXPECT_FALSE(filter.SeenId(id));
  for (unsigned id = 1; id <= kKeyIdMax; ++id) EXPECT_TRUE(filter.SeenId(id));
  EXPECT_FALSE(filter.MaybeSeen(Hash("a")));
  EXPECT_TRUE(filter.MaybeSeen(Hash("a")));
}

TEST(KeyRecords, EqualHashesAreFoundAmongFewAndMany) {
  for (size_t count : {2, 24, 25, 1000}) {
    KeyRecords records;
    records.Push({7, 0, 0});  // of the map outside
    for (size_t i = 1; i < count; ++i) records.Push({i * 8, 0, 0});
    records.Push({7, 0, 0});
    EXPECT_FALSE(records.AnyEqualHash(1)) << count;
    EXPECT_TRUE(records.AnyEqualHash(0)) << count;
    records.Pop(1);
    EXPECT_EQ(records.size(), 1u);
  }
}

TEST(ForEachEqualKey, KeysAreEqualByTextAndNotByHashAlone) {
  // All hashes collide, as a peer could make them.
  const std::vector<std::string> texts = {"b", "a", "c", "a", "b", "a"};
  std::vector<KeyRecord> records;
  for (uint32_t i = 0; i < texts.size(); ++i) records.push_back({1, i, 0});
  std::vector<std::vector<uint32_t>> groups;
  ForEachEqualKey(
      records, [&](const KeyRecord& record) { return std::string_view(texts[record.entry]); },
      [&](std::span<const uint32_t> equal) { groups.emplace_back(equal.begin(), equal.end()); });
  EXPECT_THAT(groups,
              testing::ElementsAre(testing::ElementsAre(1, 3, 5), testing::ElementsAre(0, 4)));
}

}  // namespace
}  // namespace lowband::transcode
