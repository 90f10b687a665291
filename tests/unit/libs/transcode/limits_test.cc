#include "libs/transcode/limits.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/libs/transcode/convert.h"

namespace lowband::transcode {
namespace {

std::string Repeat(std::string_view text, size_t times) {
  std::string out;
  while (times-- > 0) out += text;
  return out;
}

Bytes Nested(uint8_t head, size_t depth) {
  Bytes cbor(depth, head);
  cbor.push_back(0xf6);
  return cbor;
}

TEST(Limits, NestingEndsAtItsLimitInCbor) {
  EXPECT_EQ(Json(Nested(0x81, kDepthMax)),
            Repeat("[", kDepthMax) + "null" + Repeat("]", kDepthMax));
  EXPECT_EQ(Json(Nested(0x81, kDepthMax + 1)), "! nesting too deep at byte 128");
  EXPECT_EQ(Json(Nested(0x9f, kDepthMax + 1)), "! nesting too deep at byte 128");
  EXPECT_EQ(Json(Bytes(100'000, 0x81)), "! nesting too deep at byte 128");
}

TEST(Limits, TagsAreNoNesting) {
  Bytes cbor(1000, 0xc1);
  cbor.push_back(0x01);
  EXPECT_EQ(Json(cbor), "1");
}

TEST(Limits, NestingEndsAtItsLimitInJson) {
  const auto nested = [](size_t depth) {
    return Repeat(R"([{"a":)", depth / 2) + "0" + Repeat("}]", depth / 2);
  };
  EXPECT_NE(Cbor(nested(kDepthMax))[0], '!');
  EXPECT_EQ(Cbor("[" + nested(kDepthMax) + "]"), "! nesting too deep at byte 380");
  EXPECT_EQ(Cbor(std::string(100'000, '[')), "! nesting too deep at byte 128");
  // An empty container is one too.
  EXPECT_NE(Cbor(Repeat("[", kDepthMax) + Repeat("]", kDepthMax))[0], '!');
  EXPECT_EQ(Cbor(Repeat("[", kDepthMax + 1) + Repeat("]", kDepthMax + 1)),
            "! nesting too deep at byte 128");
}

TEST(Limits, ItemsOfRequestsAreCountedWithKeysAndChunks) {
  Bytes array = FromHex("9a 00030d3f");  // 199,999 items and the array
  array.resize(array.size() + kRequestItemsMax - 1, 0x00);
  EXPECT_EQ(Json(array).substr(0, 4), "[0,0");
  array[4] += 1;
  array.push_back(0x00);
  EXPECT_EQ(Json(array), "! too many items at byte " + std::to_string(array.size() - 1));
  EXPECT_EQ(Json(array, Order::kSource, Rules::kResponse).substr(0, 4), "[0,0");

  Bytes chunks = {0x7f};
  chunks.resize(kRequestItemsMax + 1, 0x60);
  chunks.push_back(0xff);
  EXPECT_EQ(Json(chunks), "! too many items at byte " + std::to_string(kRequestItemsMax));

  Bytes map = {0xbf};
  for (uint32_t i = 0; i < kRequestItemsMax / 2; ++i) {
    map.push_back(0x1a);
    for (int shift = 24; shift >= 0; shift -= 8) map.push_back(static_cast<uint8_t>(i >> shift));
    map.push_back(0x00);
  }
  map.push_back(0xff);
  EXPECT_EQ(Json(map), "! too many items at byte " + std::to_string(map.size() - 2));
}

TEST(Limits, ResponsesOfFourMillionItemsPass) {
  std::string json = "[";
  json += Repeat("0,", 4'000'000);
  json += "0]";
  Bytes cbor;
  ASSERT_TRUE(JsonToCbor(json, cbor));
  EXPECT_EQ(cbor.size(), 5 + 4'000'001u);
}

TEST(Limits, ResponsesOfTheLargestSizePassWhateverTheirItems) {
  std::string json = "[" + Repeat("0,", kInputBytesMax / 2 - 2) + "0]";
  Bytes cbor;
  ASSERT_TRUE(JsonToCbor(json, cbor));
  std::string back;
  ASSERT_TRUE(CborToJson(cbor, back, Order::kSource, Rules::kResponse));
  EXPECT_TRUE(back == json);
}

TEST(Limits, ReaderOfLessThenItsLimitsHold) {
  const auto cbor_for = [](const std::string& json, ReaderLimits reader) {
    Bytes cbor;
    const auto done = JsonToCbor(json, cbor, KeyTable::kV1, Order::kSource, reader);
    return done ? "" : done.error().Text();
  };
  const auto nested = [](size_t depth) { return Repeat("[", depth) + Repeat("]", depth); };
  EXPECT_EQ(cbor_for(nested(32), kDeployedReader), "");
  EXPECT_EQ(cbor_for(nested(33), kDeployedReader), "nesting too deep at byte 32");
  EXPECT_EQ(cbor_for("[0,0,[0,0,0]]", {128, 3}), "");
  EXPECT_EQ(cbor_for("[0,0,[0,0,0,0]]", {128, 3}), "too many items at byte 13");
  EXPECT_EQ(cbor_for(R"({"a":0,"b":0,"c":0,"d":0})", {128, 3}), "too many items at byte 24");
}

TEST(Limits, InputOverItsLimitIsRefused) {
  const std::string json(kInputBytesMax + 1, ' ');
  EXPECT_EQ(Cbor(json), "! too large at byte " + std::to_string(kInputBytesMax));
  EXPECT_EQ(Json(AsBytes(json)), "! too large at byte " + std::to_string(kInputBytesMax));
}

TEST(Limits, OutputOverItsLimitIsRefused) {
  // 48 MiB of control characters would be 288 MiB of escapes.
  Bytes cbor = FromHex("7a 03000000");
  cbor.resize(cbor.size() + 0x03000000);
  const std::string text = Json(cbor);
  EXPECT_EQ(text.substr(0, 20), "! too large at byte ") << text.substr(0, 40);
}

TEST(Limits, DeepNestingOfLongContainersTakesOneSweep) {
  // Each of 128 levels holds 24 items and so a head that grows: moving what is inside at each of
  // them would copy 1 GiB here.
  std::string json = "\"" + std::string(8 * 1024 * 1024, 'x') + "\"";
  for (size_t i = 0; i < kDepthMax; ++i) json = "[" + Repeat("0,", 23) + json + "]";
  Bytes cbor;
  ASSERT_TRUE(JsonToCbor(json, cbor));
  std::string back;
  ASSERT_TRUE(CborToJson(cbor, back));
  EXPECT_TRUE(back == json);
}

TEST(Limits, ManyReplacedEntriesTakeOneSweep) {
  std::string json = "{";
  for (int i = 0; i < 100'000; ++i) json += "\"a\":[1,{\"b\":1,\"b\":2}],";
  json += "\"c\":0}";
  const std::string hex = Cbor(json);
  EXPECT_EQ(hex, "a261618201a1616202616300");
}

}  // namespace
}  // namespace lowband::transcode
