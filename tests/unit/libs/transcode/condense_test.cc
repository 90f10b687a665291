#include "libs/transcode/condense.h"

#include <gtest/gtest.h>

#include <string>

#include "libs/transcode/dictionary.h"
#include "libs/transcode/limits.h"
#include "tests/unit/libs/transcode/convert.h"
#include "tests/unit/libs/transcode/documents.h"
#include "tests/unit/libs/transcode/hex.h"

namespace lowband::transcode {
namespace {

constexpr size_t kBytesMax = size_t{1} << 24;
constexpr std::string_view kHash = "opVaIeVoqhxCPGE1vc3jcGlE";
const std::string kHashHex = "52a2955a21e568aa1c423c6135bdcde3706944";

/// With the byte strings in their places; "none" if there is no condensed form.
std::string InPlace(ByteView cbor) {
  const auto condensed = Condense(cbor);
  return condensed ? ToHex(condensed->InPlace()) : "none";
}

std::string Expanded(std::string_view hex, size_t bytes_max = kBytesMax) {
  Bytes cbor = {0xee};
  const auto done = Expand(FromHex(hex), bytes_max, cbor);
  if (done) return Json(ByteView(cbor).subspan(1));
  EXPECT_EQ(cbor, Bytes{0xee});
  return "! " + done.error().Text();
}

void ExpectTheSameAgain(ByteView cbor, std::string_view what) {
  const auto condensed = Condense(cbor);
  ASSERT_TRUE(condensed) << what;
  const Bytes original(cbor.begin(), cbor.end());
  Bytes again;
  ASSERT_TRUE(Expand(condensed->InPlace(), kBytesMax, again)) << what;
  EXPECT_EQ(again, original) << what;
  again.clear();
  ASSERT_TRUE(Expand(condensed->items, condensed->octets, kBytesMax, again)) << what;
  EXPECT_EQ(again, original) << what;
  EXPECT_LE(condensed->items.size() + condensed->octets.size(), cbor.size()) << what;
}

TEST(Condense, KeysOfBothTablesThenIntegers) {
  EXPECT_EQ(InPlace(CborOf(R"({"type":1,"conn_id":2,"other":3})")), "a30201186902656f7468657203");
}

TEST(Condense, Base64ThenBytes) {
  const std::string text(kHash);
  EXPECT_EQ(InPlace(CborOf("[\"" + text + "\"]")), "81" + kHashHex);
  EXPECT_EQ(InPlace(CborOf("[\"$" + text + "\"]")), "81c1" + kHashHex);
  EXPECT_EQ(InPlace(CborOf("[\"!" + text + "\"]")), "81c2" + kHashHex);
  EXPECT_EQ(InPlace(CborOf("[\"ed25519:" + text + "\"]")), "81c4" + kHashHex);
  EXPECT_EQ(InPlace(CborOf("{\"" + text + "\":1}")), "a1" + kHashHex + "01") << "a key";
}

TEST(Condense, TheSameBase64AgainThenItsNumber) {
  const std::string text(kHash);
  EXPECT_EQ(InPlace(CborOf("[\"$" + text + "\",\"" + text + "\",\"$" + text + "\"]")),
            "83c1" + kHashHex + "c300c100");
}

TEST(Condense, ShortOrNotCanonicalThenText) {
  for (const std::string_view json :
       {R"(["Ab1defghijklmnopqrstu"])", R"(["$Ab1defghijklmnopqrstu"])",
        R"(["Ab1defghijklmnopqrstuvwxy"])", R"(["Ab1defghijklmnopqrstuQ=="])",
        R"(["$Ab1+efghijklmnopqrstuvwx"])", R"(["An ordinary sentence of 7 words, roughly"])"}) {
    const Bytes cbor = CborOf(json);
    EXPECT_EQ(InPlace(cbor), ToHex(cbor)) << json;
  }
}

TEST(Condense, WordsAndHexadecimalThenText) {
  for (const std::string_view json :
       {R"(["abcdefghijklmnopqrstuvwx"])", R"(["ABCDEFGHIJKLMNOPQRSTUVWX"])",
        R"(["OneWordThatIsWrittenSoQ"])", R"(["0123456789abcdef01234567"])",
        R"(["012345678901234567890123"])"}) {
    const Bytes cbor = CborOf(json);
    EXPECT_EQ(InPlace(cbor), ToHex(cbor)) << json;
  }
}

TEST(Condense, OctetsApartThenItemsHoldTheirHeads) {
  const auto condensed = Condense(CborOf(R"({"a":"opVaIeVoqhxCPGE1vc3jcGlE","b":2})"));
  ASSERT_TRUE(condensed);
  EXPECT_EQ(ToHex(condensed->items), "a2616152616202");
  EXPECT_EQ("52" + ToHex(condensed->octets), kHashHex);
}

TEST(Condense, DocumentsThenTheSameAgain) {
  for (const std::string_view json : DictionaryDocuments()) ExpectTheSameAgain(CborOf(json), json);
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const std::string json = Documents(seed).Tree().dump();
    ExpectTheSameAgain(CborOf(json), json);
  }
}

TEST(Condense, NotOurCborThenNone) {
  for (const char* hex : {"", "40", "c100", "a1186900", "a12000", "9fff", "1800", "810202", "82"}) {
    EXPECT_EQ(InPlace(FromHex(hex)), "none") << hex;
  }
}

TEST(Expand, WrongThenWhatAndWhere) {
  EXPECT_EQ(Expanded(""), "! input cut off at byte 0");
  EXPECT_EQ(Expanded("82"), "! input cut off at byte 1");
  EXPECT_EQ(Expanded("8150aa"), "! input cut off at byte 2");
  EXPECT_EQ(Expanded("814faa"), "! syntax error at byte 1") << "text so short stays text";
  EXPECT_EQ(Expanded("8140"), "! syntax error at byte 1");
  EXPECT_EQ(Expanded("81c140"), "! syntax error at byte 2");
  EXPECT_EQ(Expanded("810000"), "! trailing bytes at byte 2");
  EXPECT_EQ(Expanded("a119010000"), "! key that is neither text nor integer at byte 1");
  EXPECT_EQ(Expanded("a1f500"), "! key that is neither text nor integer at byte 1");
  EXPECT_EQ(Expanded("81c500"), "! syntax error at byte 1");
  EXPECT_EQ(Expanded("81c10a"), "! syntax error at byte 2") << "there is no number 10";
  EXPECT_EQ(Expanded("81c340"), "! syntax error at byte 2") << "needless tag";
  EXPECT_EQ(Expanded("811800"), "! syntax error at byte 1") << "longer head than needed";
  EXPECT_EQ(Expanded("9fff"), "! syntax error at byte 0") << "indefinite length";
}

TEST(Expand, LongerThanAllowedThenRefused) {
  // Each repetition is two bytes and stands for 24.
  std::string hex = "98c8" + kHashHex;
  for (int i = 1; i < 200; ++i) hex += "c300";
  EXPECT_EQ(Expanded(hex, 200 * 26 + 2).size(), 200 * 27 + 1);
  EXPECT_EQ(Expanded(hex, 2000), "! too large at byte 171");
}

TEST(Expand, OctetsLeftOrMissingThenRefused) {
  Bytes cbor;
  const Bytes items = FromHex("8150");
  EXPECT_TRUE(Expand(items, Bytes(16), kBytesMax, cbor));
  EXPECT_EQ(Expand(items, Bytes(15), kBytesMax, cbor).error().cause, Cause::kTruncated);
  EXPECT_EQ(Expand(items, Bytes(17), kBytesMax, cbor).error().cause, Cause::kTrailingBytes);
}

TEST(Expand, DeepThenRefusedAtTheLimit) {
  std::string hex;
  for (size_t i = 0; i < kDepthMax; ++i) hex += "81";
  EXPECT_EQ(Expanded(hex + "00").size(), 2 * kDepthMax + 1);
  EXPECT_TRUE(Expanded("81" + hex + "00").starts_with("! nesting")) << Expanded("81" + hex + "00");
}

}  // namespace
}  // namespace lowband::transcode
