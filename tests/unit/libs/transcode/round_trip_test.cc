// Properties over random documents. Each failure names the seed of its document.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/transcode_model.h"
#include "tests/unit/libs/transcode/convert.h"
#include "tests/unit/libs/transcode/documents.h"

namespace lowband::transcode {
namespace {

constexpr uint64_t kSeeds = 1000;
constexpr int kBroken = 8;  // ways in which each document is broken

/// Calls `property` with documents of each seed, until one fails.
template <class Property>
void ForEachSeed(Property property) {
  for (uint64_t seed = 0; seed < kSeeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Documents documents(seed);
    property(documents, documents.Tree());
  }
}

TEST(RoundTrip, JsonThroughCborIsTheSameTree) {
  ForEachSeed([](Documents& documents, const nlohmann::json& tree) {
    const std::string text = documents.Text(tree);
    for (KeyTable keys : {KeyTable::kStrings, KeyTable::kV1}) {
      Bytes cbor;
      ASSERT_TRUE(JsonToCbor(text, cbor, keys)) << text;
      std::string json;
      ASSERT_TRUE(CborToJson(cbor, json)) << text;
      ASSERT_EQ(nlohmann::json::parse(json), tree);
      // And from then on byte for byte.
      Bytes again;
      ASSERT_TRUE(JsonToCbor(json, again, keys));
      ASSERT_EQ(ToHex(again), ToHex(cbor));
    }
  });
}

TEST(RoundTrip, CborThroughJsonIsAFixedPoint) {
  ForEachSeed([](Documents& documents, const nlohmann::json& tree) {
    const Bytes cbor = documents.Cbor(tree);
    std::string json;
    ASSERT_TRUE(CborToJson(cbor, json)) << ToHex(cbor);
    ASSERT_EQ(nlohmann::json::parse(json), tree);
    Bytes second;
    ASSERT_TRUE(JsonToCbor(json, second));
    std::string third;
    ASSERT_TRUE(CborToJson(second, third));
    ASSERT_EQ(third, json);
  });
}

TEST(RoundTrip, NlohmannReadsWhatWeWrite) {
  ForEachSeed([](Documents& documents, const nlohmann::json& tree) {
    Bytes cbor;
    ASSERT_TRUE(JsonToCbor(documents.Text(tree), cbor, KeyTable::kStrings));
    ASSERT_EQ(nlohmann::json::from_cbor(cbor), tree);
  });
}

TEST(RoundTrip, WeReadWhatNlohmannWrites) {
  ForEachSeed([](Documents&, const nlohmann::json& tree) {
    std::string json;
    ASSERT_TRUE(CborToJson(nlohmann::json::to_cbor(tree), json));
    ASSERT_EQ(nlohmann::json::parse(json), tree);
  });
}

TEST(RoundTrip, CanonicalCborIsThatOfTheModel) {
  ForEachSeed([](Documents& documents, const nlohmann::json& tree) {
    const std::string text = documents.Text(tree);
    for (KeyTable keys : {KeyTable::kStrings, KeyTable::kV1}) {
      ASSERT_EQ(Cbor(text, keys, Order::kCanonical), ToHex(CanonicalCbor(tree, keys))) << text;
    }
  });
}

TEST(RoundTrip, CanonicalJsonIsThatOfNlohmann) {
  ForEachSeed([](Documents& documents, const nlohmann::json& tree) {
    // Its objects are sorted by code point; its floats look different, so they are read again.
    const std::string json = Json(documents.Cbor(tree), Order::kCanonical);
    std::string sorted;
    ASSERT_TRUE(CborToJson(CanonicalCbor(tree, KeyTable::kV1), sorted, Order::kCanonical));
    ASSERT_EQ(json, sorted);
    ASSERT_EQ(nlohmann::ordered_json::parse(json).dump(), nlohmann::json::parse(json).dump());
  });
}

TEST(RoundTrip, BrokenCborIsRefusedExactlyWhenTheModelRefuses) {
  ForEachSeed([](Documents& documents, const nlohmann::json& tree) {
    Bytes cbor = documents.Cbor(tree);
    std::mt19937_64 random(cbor.size());
    for (int i = 0; i < kBroken; ++i) {
      Bytes broken = cbor;
      broken[random() % broken.size()] = static_cast<uint8_t>(random());
      if (random() % 4 == 0) broken.resize(random() % broken.size());
      for (Rules rules : {Rules::kRequest, Rules::kResponse}) {
        const auto model = ModelOfCbor(broken);
        std::string json;
        const auto result = CborToJson(broken, json, Order::kSource, rules);
        ASSERT_EQ(result.has_value(), model.has_value()) << ToHex(broken);
        if (result) {
          ASSERT_EQ(nlohmann::json::parse(json), *model) << ToHex(broken);
        } else {
          ASSERT_LE(result.error().offset, broken.size());
        }
      }
    }
  });
}

TEST(RoundTrip, BrokenJsonIsRefusedExactlyWhenNlohmannRefuses) {
  ForEachSeed([](Documents& documents, const nlohmann::json& tree) {
    const std::string text = documents.Text(tree);
    std::mt19937_64 random(text.size());
    for (int i = 0; i < kBroken; ++i) {
      constexpr std::string_view kBytes = "{}[],:\"\\0123456789.eE+-tfn u\n\x01\x80\xc3";
      std::string broken = text;
      broken[random() % broken.size()] = kBytes[random() % kBytes.size()];
      if (random() % 4 == 0) broken.resize(random() % broken.size());
      const auto model = ModelOfJson(broken);
      Bytes cbor;
      const auto result = JsonToCbor(broken, cbor, KeyTable::kStrings);
      if (model) {
        ASSERT_TRUE(result) << broken;
        ASSERT_EQ(nlohmann::json::from_cbor(cbor), *model) << broken;
      } else if (result) {
        ASSERT_TRUE(BeyondNlohmann(broken)) << broken;
      }
      ASSERT_LE(result ? 0 : result.error().offset, broken.size());
    }
  });
}

}  // namespace
}  // namespace lowband::transcode
