#include "libs/transcode/base64_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "libs/base/random.h"

namespace lowband::transcode {
namespace {

std::string Read(std::string_view text, Base64 alphabet = Base64::kStandard) {
  Bytes bytes = {0xee};
  if (!ReadBase64(text, alphabet, bytes)) return bytes == Bytes{0xee} ? "none" : "changed";
  return ToHex(ByteView(bytes).subspan(1));
}

TEST(Base64Text, TheVectorsOfRfc4648WithoutPadding) {
  EXPECT_EQ(Read(""), "");
  EXPECT_EQ(Read("Zg"), "66");
  EXPECT_EQ(Read("Zm8"), "666f");
  EXPECT_EQ(Read("Zm9v"), "666f6f");
  EXPECT_EQ(Read("Zm9vYg"), "666f6f62");
  EXPECT_EQ(Read("Zm9vYmE"), "666f6f6261");
  EXPECT_EQ(Read("Zm9vYmFy"), "666f6f626172");
}

TEST(Base64Text, TwoAlphabetsThenEachItsOwn) {
  EXPECT_EQ(Read("+/+/"), "fbffbf");
  EXPECT_EQ(Read("-_-_", Base64::kUrl), "fbffbf");
  EXPECT_EQ(Read("-_-_"), "none");
  EXPECT_EQ(Read("+/+/", Base64::kUrl), "none");
}

TEST(Base64Text, NotCanonicalThenNone) {
  EXPECT_EQ(Read("Z"), "none") << "six bits are no byte";
  EXPECT_EQ(Read("Zm9vY"), "none");
  EXPECT_EQ(Read("Zh"), "none") << "unused bits";
  EXPECT_EQ(Read("Zm9"), "none");
  EXPECT_EQ(Read("Zg=="), "none") << "padding";
  EXPECT_EQ(Read("Zm 9v"), "none");
  EXPECT_EQ(Read("Zm\xc3\xa9"), "none");
  EXPECT_EQ(Read(std::string_view("Zm9\0", 4)), "none");
}

TEST(Base64Text, AnyBytesThenTheSameAgain) {
  const auto random = MakeSeededRandom(4648);
  for (const Base64 alphabet : {Base64::kStandard, Base64::kUrl}) {
    for (size_t size = 0; size < 200; ++size) {
      Bytes bytes(size);
      random->Fill(bytes);
      Bytes text;
      WriteBase64(bytes, alphabet, text);
      ASSERT_EQ(text.size(), Base64Characters(size));
      ASSERT_EQ(Base64Bytes(text.size()), size);
      Bytes again;
      ASSERT_TRUE(ReadBase64(AsText(text), alphabet, again));
      ASSERT_EQ(again, bytes);
    }
  }
}

TEST(Base64Text, WhatIsReadThenWrittenTheSame) {
  std::mt19937 random(8464);
  constexpr std::string_view kSome = "AQgwZz09+/-_=\n";
  size_t read = 0;
  for (size_t i = 0; i < 100'000; ++i) {
    std::string text;
    for (size_t left = random() % 8; left > 0; --left) {
      text.push_back(kSome[random() % kSome.size()]);
    }
    Bytes bytes;
    if (!ReadBase64(text, Base64::kStandard, bytes)) continue;
    ++read;
    Bytes again;
    WriteBase64(bytes, Base64::kStandard, again);
    ASSERT_EQ(AsText(again), text);
  }
  EXPECT_GT(read, 1000u);
}

}  // namespace
}  // namespace lowband::transcode
