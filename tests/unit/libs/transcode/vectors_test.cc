// The pairs of vectors.json, which come from MSC3079 and its reference implementation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "libs/transcode/transcode.h"
#include "tests/unit/libs/transcode/hex.h"

namespace lowband::transcode {
namespace {

nlohmann::json Vectors(const char* group) {
  std::ifstream file("tests/unit/libs/transcode/vectors.json");
  const nlohmann::json vectors = nlohmann::json::parse(file).at(group);
  EXPECT_FALSE(vectors.empty());
  return vectors;
}

TEST(Vectors, CanonicalPairsMatchByteForByteInBothDirections) {
  for (const auto& vector : Vectors("canonical")) {
    SCOPED_TRACE(vector.at("source"));
    const Bytes expected = FromHex(vector.at("cbor").get<std::string>());

    Bytes cbor;
    ASSERT_TRUE(JsonToCbor(vector.at("json").dump(), cbor, KeyTable::kV1, Order::kCanonical));
    EXPECT_EQ(ToHex(cbor), ToHex(expected));

    std::string json;
    ASSERT_TRUE(CborToJson(expected, json, Order::kCanonical));
    EXPECT_EQ(json, vector.at("json").dump());  // nlohmann's objects are sorted by code point
  }
}

TEST(Vectors, DecodePairsGiveTheirText) {
  for (const auto& vector : Vectors("decode")) {
    SCOPED_TRACE(vector.at("why"));
    const Bytes cbor = FromHex(vector.at("cbor").get<std::string>());
    for (Order order : {Order::kSource, Order::kCanonical}) {
      std::string json;
      ASSERT_TRUE(CborToJson(cbor, json, order));
      EXPECT_EQ(json, vector.at("json_text").get<std::string>());
    }
  }
}

TEST(Vectors, RejectedOnesLeaveTheOutputAlone) {
  for (const auto& vector : Vectors("reject")) {
    SCOPED_TRACE(vector.at("why"));
    const Bytes cbor = FromHex(vector.at("cbor").get<std::string>());
    for (Rules rules : {Rules::kRequest, Rules::kResponse}) {
      std::string json = "before";
      const auto result = CborToJson(cbor, json, Order::kSource, rules);
      ASSERT_FALSE(result);
      EXPECT_THAT(result.error().Text(), testing::HasSubstr(" at byte "));
      EXPECT_EQ(json, "before");
    }
  }
}

}  // namespace
}  // namespace lowband::transcode
