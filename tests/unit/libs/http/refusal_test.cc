#include "libs/http/refusal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace lowband::http {
namespace {

TEST(Fault, EachHasALabelOfItsOwn) {
  std::set<std::string_view> seen;
  for (size_t i = 0; i < kFaultCount; ++i) {
    const std::string_view label = Text(static_cast<Fault>(i));
    EXPECT_FALSE(label.empty());
    EXPECT_TRUE(std::ranges::all_of(label, [](char byte) {
      return byte == '_' || (byte >= 'a' && byte <= 'z');
    })) << label;
    EXPECT_TRUE(seen.insert(label).second) << label;
  }
}

}  // namespace
}  // namespace lowband::http
