#include "services/translator/mapping/extension_positions.h"

#include <gtest/gtest.h>

#include "services/translator/mapping/limits.h"

namespace lowband::translator::mapping {
namespace {

std::string Written(const ExtensionPositions& positions, std::string body) {
  WritePositions(positions, body);
  return body;
}

TEST(ExtensionPositions, BodyThenSinceInTheNamedExtensionsOnly) {
  struct Case {
    const char* why;
    const char* before;
    const char* after;
  };
  for (const Case& c : {
           Case{"none yet", R"({"extensions":{"to_device":{"enabled":true}},"lists":{}})",
                R"({"extensions":{"to_device":{"enabled":true,"since":"7"}},"lists":{}})"},
           Case{"an old one", R"({"extensions":{"to_device":{"since":"5","limit":9}}})",
                R"({"extensions":{"to_device":{"since":"7","limit":9}}})"},
           Case{"nothing in it", R"({"extensions": {"e2ee":{}, "to_device": { } } })",
                R"({"extensions": {"e2ee":{}, "to_device": {"since":"7" } } })"},
           Case{"written with escapes", R"({"extensions":{"to\u005fdevice":{}}})",
                R"({"extensions":{"to\u005fdevice":{"since":"7"}}})"},
           Case{"two of a name: the last counts",
                R"({"extensions":{},"extensions":{"to_device":{},"to_device":{}}})",
                R"({"extensions":{},"extensions":{"to_device":{},"to_device":{"since":"7"}}})"},
           Case{"elsewhere", R"({"lists":{"to_device":{}},"extensions":{"e2ee":{}}})",
                R"({"lists":{"to_device":{}},"extensions":{"e2ee":{}}})"},
           Case{"null", R"({"extensions":{"to_device":null}})",
                R"({"extensions":{"to_device":null}})"},
           Case{"no extensions", "{}", "{}"},
           Case{"no object", "[1]", "[1]"},
           Case{"nothing", "", ""},
           Case{"broken", R"({"extensions":{"to_device":{}})", R"({"extensions":{"to_device":{}})"},
       }) {
    EXPECT_EQ(Written({{"to_device", "7"}}, c.before), c.after) << c.why;
  }
}

TEST(ExtensionPositions, SeveralThenEachInItsOwn) {
  EXPECT_EQ(Written({{"to_device", "7"}, {"x", "a\"b"}},
                    R"({"extensions":{"x":{"since":"long before"},"to_device":{}}})"),
            R"({"extensions":{"x":{"since":"a\"b"},"to_device":{"since":"7"}}})");
}

TEST(ExtensionPositions, NewerAnswerThenWhatItDoesNotMentionStays) {
  EXPECT_EQ(Updated({{"to_device", "7"}, {"x", "1"}}, {{"to_device", "9"}}),
            (ExtensionPositions{{"to_device", "9"}, {"x", "1"}}));
  EXPECT_EQ(Updated({}, {{"x", "1"}}), (ExtensionPositions{{"x", "1"}}));
  EXPECT_EQ(Updated({{"x", "1"}}, {}), (ExtensionPositions{{"x", "1"}}));
}

TEST(ExtensionPositions, OverALimitThenRefused) {
  ExtensionPositions positions;
  EXPECT_TRUE(SetPosition(positions, {std::string(kExtensionNameBytesMax, 'n'),
                                      std::string(kExtensionPositionBytesMax, 's')}));
  EXPECT_FALSE(SetPosition(positions, {std::string(kExtensionNameBytesMax + 1, 'n'), "s"}));
  EXPECT_FALSE(SetPosition(positions, {"n", std::string(kExtensionPositionBytesMax + 1, 's')}));
  for (size_t i = 1; i < kExtensionPositionsMax; ++i) {
    EXPECT_TRUE(SetPosition(positions, {std::to_string(i), "s"}));
  }
  EXPECT_FALSE(SetPosition(positions, {"one more", "s"}));
  EXPECT_TRUE(SetPosition(positions, {"1", "moved"}));
  EXPECT_EQ(positions.size(), kExtensionPositionsMax);
}

}  // namespace
}  // namespace lowband::translator::mapping
