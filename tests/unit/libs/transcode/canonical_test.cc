// Canonical order, and what the reference implementation's converter prints for the examples of
// its documentation.
#include <gtest/gtest.h>

#include "tests/unit/libs/transcode/convert.h"

namespace lowband::transcode {
namespace {

std::string Canonical(std::string_view json) {
  return Cbor(json, KeyTable::kV1, Order::kCanonical);
}

TEST(Canonical, DocumentedExamplesOfTheReferenceConverter) {
  EXPECT_EQ(Canonical(R"({"foo":"bar"})"), "a163666f6f63626172");
  EXPECT_EQ(Canonical(R"({"event_id":"$something"})"), "a1016a24736f6d657468696e67");
  EXPECT_EQ(Canonical(R"({"event_id":"$something", "foo":"bar"})"),
            "a2016a24736f6d657468696e6763666f6f63626172");
  EXPECT_EQ(Json("a2016a24736f6d657468696e6763666f6f63626172", Order::kCanonical),
            R"({"event_id":"$something","foo":"bar"})");
  EXPECT_EQ(Canonical(R"({"hello":"world"})"), "a16568656c6c6f65776f726c64");
  EXPECT_EQ(Canonical("[42,38]"), "82182a1826");
}

TEST(Canonical, CborKeysAreSortedByLengthThenBytes) {
  EXPECT_EQ(Canonical(R"({"age":1,"body":2,"foo":3,"event_id":4,"fo":5,"a":-1})"),
            "a6"
            "0104"
            "1101"
            "181b02"
            "616120"
            "62666f05"
            "63666f6f03");
  EXPECT_EQ(Canonical(R"({"é":1,"z":2,"":3,"😀":4,"ﬀ":5})"),
            "a5"
            "6003"
            "617a02"
            "62c3a901"
            "63efac8005"
            "64f09f988004");
}

TEST(Canonical, JsonKeysAreSortedByCodePoint) {
  EXPECT_EQ(Json("a5 64f09f9880 04 62c3a9 01 60 03 63efac80 05 617a 02", Order::kCanonical),
            R"({"":3,"z":2,"é":1,"ﬀ":5,"😀":4})");
  // By what the key is, not by how its escape looks.
  EXPECT_EQ(Json("a6 615c 01 6122 02 610a 03 6101 04 611f 06 6123 05", Order::kCanonical),
            R"({"\u0001":4,"\n":3,"\u001f":6,"\"":2,"#":5,"\\":1})");
  EXPECT_EQ(Json("a3 626162 01 6161 02 63616263 03", Order::kCanonical),
            R"({"a":2,"ab":1,"abc":3})");
}

TEST(Canonical, NestedMapsAreSortedInsideAndOut) {
  EXPECT_EQ(Canonical(R"({"b":{"d":1,"c":[{"f":1,"e":2}]},"a":{}})"),
            "a26161a06162a2616381a261650261660161"
            "6401");
  EXPECT_EQ(Json("a2 6162 a2 6164 01 6163 80 6161 a0", Order::kCanonical),
            R"({"a":{},"b":{"c":[],"d":1}})");
}

TEST(Canonical, LongHeadsAndReplacedEntriesAreSortedToo) {
  std::string json = "{";
  for (int i = 59; i >= 10; --i)
    json += "\"" + std::to_string(i) + "\":[" +
            std::string(i == 30 ? "0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4" : "") + "],";
  json += "\"10\":1}";
  const std::string hex = Canonical(json);
  EXPECT_EQ(hex.substr(0, 4 + 8),
            "b832"
            "62313001");
  EXPECT_EQ(Canonical(Json(ByteView(FromHex(hex)))), hex);
  EXPECT_EQ(Json(ByteView(FromHex(hex)), Order::kCanonical), Json(ByteView(FromHex(hex))));
}

TEST(Canonical, SupersededMembersAreLeftOut) {
  EXPECT_EQ(Json("a3 6474797065 02 02 01 01 03", Order::kCanonical), R"({"event_id":3,"type":2})");
  EXPECT_EQ(Json("a2 02 01 02 02", Order::kCanonical), "! duplicate key at byte 3");
}

}  // namespace
}  // namespace lowband::transcode
