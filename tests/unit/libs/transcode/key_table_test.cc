#include "libs/transcode/key_table.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace lowband::transcode {
namespace {

TEST(KeyTable, HoldsEveryRowOfItsFile) {
  std::ifstream file("libs/transcode/cbor_keys_v1.tsv");
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  unsigned rows = 0;
  while (std::getline(file, line)) {
    const size_t tab = line.find('\t');
    const auto id = static_cast<unsigned>(std::stoul(line.substr(0, tab)));
    const std::string name = line.substr(tab + 1);
    EXPECT_EQ(id, ++rows);
    EXPECT_EQ(KeyName(id), name);
    EXPECT_EQ(KeyId(name), id);
    EXPECT_EQ(std::string(kJsonKeys[id].text.data(), kJsonKeys[id].size), '"' + name + "\":");
  }
  EXPECT_EQ(rows, kKeyIdMax);
}

TEST(KeyTable, EveryOtherStringHasNoInteger) {
  EXPECT_EQ(KeyId(""), 0u);
  EXPECT_EQ(KeyId("Type"), 0u);
  for (unsigned id = 1; id <= kKeyIdMax; ++id) {
    const std::string name(KeyName(id));
    EXPECT_EQ(KeyId(name + '\0'), 0u);
    EXPECT_EQ(KeyId(name + name), 0u);
    for (size_t i = 0; i < name.size(); ++i) {  // each byte counts
      std::string other = name;
      other[i] ^= 0x20;
      EXPECT_EQ(KeyId(other), 0u) << other;
    }
  }
}

}  // namespace
}  // namespace lowband::transcode
