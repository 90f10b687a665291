#include "libs/transcode/key_table_v2.h"

#include <gtest/gtest.h>

#include "libs/transcode/key_table.h"

namespace lowband::transcode {
namespace {

TEST(KeyTableV2, EachRowThenFoundBothWays) {
  for (unsigned id = kKeyIdMax + 1; id <= kKeyIdMaxV2; ++id) {
    EXPECT_EQ(KeyIdV2(KeyNameV2(id)), id);
    EXPECT_EQ(KeyId(KeyNameV2(id)), 0u) << KeyNameV2(id) << " has an integer of MSC3079";
  }
}

TEST(KeyTableV2, OtherKeysThenNone) {
  EXPECT_EQ(KeyIdV2(""), 0u);
  EXPECT_EQ(KeyIdV2("type"), 0u) << "of MSC3079";
  EXPECT_EQ(KeyIdV2("conn_i"), 0u);
  EXPECT_EQ(KeyIdV2("conn_id "), 0u);
  EXPECT_EQ(KeyIdV2(std::string_view("\xff\xff", 2)), 0u);
}

// They are on the wire: a row never changes.
TEST(KeyTableV2, IntegersOnTheWireThenFixed) {
  EXPECT_EQ(KeyIdV2("conn_id"), 105u);
  EXPECT_EQ(KeyIdV2("required_state"), 108u);
  EXPECT_EQ(KeyIdV2("room_types"), 255u);
}

}  // namespace
}  // namespace lowband::transcode
