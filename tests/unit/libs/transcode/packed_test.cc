#include "libs/transcode/packed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include "libs/transcode/dictionary.h"
#include "libs/transcode/limits.h"
#include "tests/unit/libs/transcode/convert.h"
#include "tests/unit/libs/transcode/documents.h"
#include "tests/unit/libs/transcode/hex.h"

namespace lowband::transcode {
namespace {

constexpr size_t kBytesMax = size_t{1} << 24;

/// The first byte of what Pack() gives; "none".
std::string FormOf(ByteView cbor) {
  const auto packed = Pack(cbor);
  return packed ? ToHex(ByteView(*packed).first(1)) : "none";
}

void ExpectTheSameAgain(ByteView cbor, std::string_view what) {
  const auto packed = Pack(cbor);
  if (!packed) return;
  EXPECT_LT(packed->size(), cbor.size()) << what;
  const auto again = Unpack(*packed, cbor.size() + 1000);
  ASSERT_TRUE(again) << what << ": " << again.error().Text();
  EXPECT_EQ(*again, Bytes(cbor.begin(), cbor.end())) << what;
}

constexpr std::string_view kMessage =
    R"({"next_batch":"s1101_1_0_72_7_6_1_201_0_1","rooms":{"join":{"!GfPraQnDrZCZiRJ1:example.org":)"
    R"({"timeline":{"events":[{"content":{"body":"Is the harbour open?","msgtype":"m.text"},)"
    R"("event_id":"$opVaIeVoqhxCPGE1vc_jcGlEXjtG5tnUNos8Lf-nm2I","origin_server_ts":1795878671080,)"
    R"("sender":"@someone:example.org","type":"m.room.message","unsigned":{"age":38}}],)"
    R"("prev_batch":"s1100_1_0_72_7_6_1_201_0_1","limited":false}}}}})";

TEST(Pack, OneMessageThenAFractionAndTheSameAgain) {
  const Bytes cbor = CborOf(kMessage);
  const auto packed = Pack(cbor);
  ASSERT_TRUE(packed);
  EXPECT_EQ((*packed)[0], 0x03) << "one block, and the octets of the event's ID";
  EXPECT_LT(packed->size(), 140u) << "of " << cbor.size();
  ExpectTheSameAgain(cbor, kMessage);
}

TEST(Pack, FormsBySizeAndContents) {
  EXPECT_EQ(FormOf(CborOf("{}")), "none");
  EXPECT_EQ(FormOf(CborOf("7")), "none");
  EXPECT_EQ(FormOf(CborOf(R"({"event_id":"$opVaIeVoqhxCPGE1vc_jcGlEXjtG5tnUNos8Lf-nm2I"})")), "a1");
  EXPECT_EQ(FormOf(CborOf(R"({"device_one_time_keys_count":{"signed_curve25519":50}})")), "a1");
  EXPECT_EQ(FormOf(CborOf(R"({"body":")" + std::string(1000, 'a') + R"("})")), "01");
  EXPECT_EQ(FormOf(CborOf("[\"" + std::string(400'000, 'a') + "\"]")), "02");
  EXPECT_EQ(FormOf(CborOf("[\"Ab1" + std::string(1000, ' ') + "\"]")), "01");
}

TEST(Pack, DocumentsThenNeverLongerAndTheSameAgain) {
  for (const std::string_view json : DictionaryDocuments()) ExpectTheSameAgain(CborOf(json), json);
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const std::string json = Documents(seed).Tree().dump();
    ExpectTheSameAgain(CborOf(json), json);
  }
}

TEST(Pack, AnySizeThenTheSameAgain) {
  std::mt19937 random(65079);
  std::string text;
  for (size_t size = 0; size < 1200; ++size) {
    ExpectTheSameAgain(CborOf("[\"" + text + "\",\"@a:b\"]"), text);
    text.push_back(static_cast<char>('a' + random() % 26));
  }
  // Around the limit of a block.
  for (const size_t size :
       {kPackedBlockBytesMax - 10, kPackedBlockBytesMax, 3 * kPackedBlockBytesMax}) {
    while (text.size() < size)
      text += text.substr(0, std::min(text.size() / 2, size - text.size()));
    ExpectTheSameAgain(CborOf("[\"" + text + "\"]"), "long");
  }
}

TEST(Pack, NotOurCborThenNone) {
  EXPECT_FALSE(Pack(Bytes(100, 0x40)));
  EXPECT_FALSE(Pack({}));
}

TEST(Unpack, LongerThanAllowedThenRefused) {
  const Bytes cbor = CborOf("[\"" + std::string(4'000'000, 'a') + "\"]");
  const auto bomb = Pack(cbor);
  ASSERT_TRUE(bomb);
  EXPECT_LT(bomb->size(), 1000u);
  EXPECT_TRUE(Unpack(*bomb, cbor.size()));
  EXPECT_EQ(Unpack(*bomb, cbor.size() - 1).error().cause, Cause::kTooLarge);
  EXPECT_EQ(Unpack(*bomb, 0).error().cause, Cause::kTooLarge);
}

TEST(Unpack, CutOffOrFollowedThenRefused) {
  const Bytes packed = *Pack(CborOf(kMessage));
  for (size_t size = 0; size < packed.size(); ++size) {
    const auto cut = Unpack(ByteView(packed).first(size), kBytesMax);
    EXPECT_FALSE(cut && *cut == CborOf(kMessage)) << size;
  }
  Bytes longer = packed;
  longer.push_back(0);
  EXPECT_FALSE(Unpack(longer, kBytesMax));
}

TEST(Unpack, NoFormThenRefused) {
  for (const char* hex : {"", "00", "05", "60", "ff", "01", "02", "03", "04", "0301", "034100"}) {
    EXPECT_FALSE(Unpack(FromHex(hex), kBytesMax)) << hex;
  }
  Bytes block(kPackedBlockBytesMax + 2, 0);
  block[0] = 0x01;
  EXPECT_EQ(Unpack(block, kBytesMax).error().cause, Cause::kSyntax);
}

TEST(Unpack, NotOneFrameThenRefused) {
  const std::string array = "00381100008101";  // 81 01 in a raw block
  EXPECT_EQ(Unpack(FromHex("02" + array), kBytesMax).value_or(Bytes{}), FromHex("8101"));
  EXPECT_TRUE(Unpack(FromHex("0200380800008109000001"), kBytesMax)) << "two blocks";
  const std::pair<std::string, std::string_view> frames[] = {
      {array + array, "two frames"},
      {array + "0038010000", "an empty frame after it"},
      {"0038010000" + array, "an empty frame before it"},
      {array + "00", "a byte after it"},
      {"502a4d1800000000" + array, "a frame to skip before it"},
      {array + "502a4d1800000000", "a frame to skip after it"},
      {"20021100008101", "with a content size"},
      {"00381000008101", "no last block"},
      {"00381900008101", "a block cut off"},
      {"25b52ffd004000028101c00000", "zstd 0.5"},
      {"27b52ffd004000028101c00000", "zstd 0.7"},
  };
  for (const auto& [hex, what] : frames) {
    const auto cbor = Unpack(FromHex("02" + hex), kBytesMax);
    EXPECT_TRUE(!cbor && cbor.error().cause == Cause::kSyntax) << what;
  }
}

TEST(Unpack, ChangedThenRefusedOrAnotherDocument) {
  const Bytes packed = *Pack(CborOf(kMessage));
  for (size_t i = 0; i < packed.size(); ++i) {
    for (const uint8_t bit : {0x01, 0x10, 0x80}) {
      Bytes changed = packed;
      changed[i] ^= bit;
      const auto cbor = Unpack(changed, 4096);
      EXPECT_TRUE(!cbor || cbor->size() <= 4096u);
    }
  }
}

}  // namespace
}  // namespace lowband::transcode
