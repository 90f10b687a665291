#include "libs/transcode/json_mend.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "libs/transcode/limits.h"
#include "tests/unit/libs/transcode/convert.h"
#include "tests/unit/libs/transcode/documents.h"

namespace lowband::transcode {
namespace {

std::string Repeat(std::string_view text, size_t times) {
  std::string out;
  while (times-- > 0) out += text;
  return out;
}

std::string Nested(size_t depth) { return Repeat("[", depth) + Repeat("]", depth); }

constexpr ReaderLimits kFour{4, 4};

/// The document for a reader of four levels and four items, or "-" if nothing was mended.
std::string Mended(std::string_view json, const ReaderLimits& reader = kFour) {
  const auto mended = MendJson(json, reader);
  if (!mended) return "-";
  Bytes cbor;
  EXPECT_TRUE(JsonToCbor(mended->json, cbor, KeyTable::kV1, Order::kSource, reader))
      << mended->json;
  EXPECT_GT(mended->mends.Total(), 0u);
  return mended->json;
}

/// "2 too_deep a.b[3]": how many, and the first one.
std::string Noted(std::string_view json, const ReaderLimits& reader = kFour) {
  const auto mended = MendJson(json, reader);
  if (!mended) return "-";
  return std::to_string(mended->mends.Total()) + " " + std::string(Text(mended->mends.first)) +
         " " + mended->mends.first_path;
}

TEST(MendJson, NothingBadThenNothingIsDone) {
  for (const char* json : {"{}", "[[[[]]]]", R"( {"a" : [1, -2.5e3, true, null, "\ud800"]} )",
                           "\"x\"", "-0", "[1,2,3]"}) {
    EXPECT_EQ(Mended(json, {4, 5}), "-") << json;
  }
}

TEST(MendJson, BrokenStructureThenThereIsNoDocument) {
  for (const char* json : {"", " ", "{", "[[[[[[", "[1,]", "[,NaN]", R"({"a"})", R"({"a":})",
                           R"({"a":NaN,})", "[NaN", "[NaN}", "NaN]", "NaN 1", R"(["a)", "[\"\\"}) {
    EXPECT_EQ(Mended(json), "-") << json;
  }
}

TEST(MendJson, TooDeepInAnEventThenItLosesItsContent) {
  EXPECT_EQ(Mended(R"({"events":[{"type":"m","content":{"a":[1]},"sender":"@a:h"},{"type":"n"}]})"),
            R"({"events":[{"type":"m","content":{},"org.lowband.unrepresentable":"too_deep",)"
            R"("sender":"@a:h"},{"type":"n"}]})");
  EXPECT_EQ(Noted(R"({"events":[{"x":1},{"type":"m","content":{"a":[1]}}]})"),
            "1 too_deep events[1].content");
}

TEST(MendJson, OtherMembersOfAnEventThenTheyGoAndItsContentStays) {
  EXPECT_EQ(Mended(R"([{"content":{"a":1},"type":"m","unsigned":{"a":[[]]}}])"),
            R"([{"content":{"a":1},"type":"m","org.lowband.unrepresentable":"too_deep"}])");
  EXPECT_EQ(Mended("[{\"content\":{},\"type\":\"\xff\"}]"),
            R"([{"content":{},"type":"org.lowband.unrepresentable",)"
            R"("org.lowband.unrepresentable":"not_utf8"}])");
  EXPECT_EQ(Mended("[{\"content\":{},\"type\":\"m\",\"\xff\":[[[[]]]]}]"),
            R"([{"content":{},"type":"m","org.lowband.unrepresentable":"not_utf8"}])");
}

TEST(MendJson, EventInAnEventThenTheInnerOneIsMended) {
  EXPECT_EQ(Mended(R"({"type":"m","content":{"a":1},"unsigned":)"
                   R"({"latest_event":{"type":"n","content":{"b":[]}}}})"),
            R"({"type":"m","content":{"a":1},"unsigned":)"
            R"({"latest_event":{"type":"n","content":{},)"
            R"("org.lowband.unrepresentable":"too_deep"}}})");
  // Where even an empty content is too deep, the one around it is.
  EXPECT_EQ(Mended(R"({"type":"m","content":[{"type":"x","content":)"
                   R"({"type":"y","content":{"type":"z","content":{}}}}]})"),
            R"({"type":"m","content":[{"type":"x","content":{},)"
            R"("org.lowband.unrepresentable":"too_deep"}]})");
}

TEST(MendJson, OutsideOfEventsThenNull) {
  EXPECT_EQ(Mended(R"({"a":[[[[1]],2]],"b":3})"), R"({"a":[[[null],2]],"b":3})");
  EXPECT_EQ(Mended(R"([NaN,-Infinity,01])"), "[null,null,null]");
  EXPECT_EQ(Mended("[\"a\xff\",\"\xc3\xa9\"]"), "[null,\"\xc3\xa9\"]");
  EXPECT_EQ(Mended("[\"\\x\",\"a\nb\",\"\\u12g4\"]"), "[null,null,null]");
  EXPECT_EQ(Mended("{\"a\":1,\"\xff\":2}"), R"({"a":1,"org.lowband.unrepresentable":"not_utf8"})");
  EXPECT_EQ(Noted(R"({"a":{"b":[1,NaN,NaN]}})"), "2 malformed a.b[1]");
  // A type that is no string makes no event.
  EXPECT_EQ(Mended(R"({"type":1,"content":NaN})"), R"({"type":1,"content":null})");
}

TEST(MendJson, TooManyItemsThenTheContainerGoes) {
  EXPECT_EQ(Mended(R"({"a":[1,2,3,4,5],"b":[1,2,3,4]})"), R"({"a":null,"b":[1,2,3,4]})");
  EXPECT_EQ(Mended(R"([{"type":"m","content":{"a":1,"b":2,"c":3,"d":4,"e":5}}])"),
            R"([{"type":"m","content":{},"org.lowband.unrepresentable":"too_many"}])");
  EXPECT_EQ(Mended("[1,2,3,4,NaN]"), R"({"org.lowband.unrepresentable":"too_many"})");
  // An event that has no room for the marker.
  EXPECT_EQ(Mended(R"([{"type":"m","content":NaN,"a":1,"b":2}])"),
            R"([{"type":"m","content":null,"a":1,"b":2}])");
}

TEST(MendJson, WholeDocumentThenAnObjectWithTheMarker) {
  EXPECT_EQ(Mended("\"\xff\""), R"({"org.lowband.unrepresentable":"not_utf8"})");
  EXPECT_EQ(Mended(" NaN "), R"( {"org.lowband.unrepresentable":"malformed"} )");
}

TEST(MendJson, DeepestNestingThenItTakesOneSweep) {
  EXPECT_EQ(Mended("[" + Nested(1'000'000) + ",1]", kDeployedReader),
            Repeat("[", 32) + "null" + Repeat("]", 31) + ",1]");
}

TEST(MendJson, OverItsLimitOfReplacementsThenTheirContainerGoes) {
  const auto bads = [](size_t count) { return Repeat("NaN,", count - 1) + "NaN"; };
  const std::string most = Mended("[1,[" + bads(kMendsMax) + "]]", {});
  EXPECT_EQ(most.substr(0, 13), "[1,[null,null");
  EXPECT_EQ(Mended("[1,[" + bads(kMendsMax + 1) + "]]", {}), "[1,null]");
  // An event answers for any number.
  EXPECT_EQ(Mended(R"({"a":[[{"type":"m","content":[)" + bads(3 * kMendsMax) + "]}]]}", {}),
            R"({"a":[[{"type":"m","content":{},"org.lowband.unrepresentable":"malformed"}]]})");
}

TEST(MendJson, LongPathThenItIsCut) {
  const std::string key(400, 'k');
  EXPECT_EQ(Noted("{\"" + key + "\":NaN}"), "1 malformed " + std::string(kMendPathBytesMax, 'k'));
  EXPECT_EQ(Noted("{\"\xff\":[NaN]}"), "1 not_utf8 ");
}

TEST(MendJson, AnyDocumentWithAnyBytesBrokenThenTheReaderTakesIt) {
  std::mt19937_64 random(7);
  Documents documents(8);
  for (int round = 0; round < 2000; ++round) {
    std::string json = documents.Text(documents.Tree());
    for (int i = 0; i < 3 && !json.empty(); ++i) {
      json[random() % json.size()] = static_cast<char>(random());
    }
    const auto mended = MendJson(json, kFour);
    if (!mended) continue;
    Bytes cbor;
    EXPECT_TRUE(JsonToCbor(mended->json, cbor, KeyTable::kV1, Order::kSource, kFour)) << json;
  }
}

}  // namespace
}  // namespace lowband::transcode
