#include "libs/transcode/deflate.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "libs/base/random.h"

namespace lowband::transcode {
namespace {

Bytes BytesOf(std::string_view text) { return {text.begin(), text.end()}; }

std::string Repeated(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(Deflate, DocumentThenShorterAndTheSameAgain) {
  const Bytes plain = BytesOf(Repeated(R"({"type":"m.room.member"},)", 100));
  const auto packed = Deflate(plain);
  ASSERT_TRUE(packed);
  EXPECT_LT(packed->size(), plain.size() / 10);
  EXPECT_EQ(Inflate(*packed, plain.size()), plain);
}

TEST(Deflate, ShortOrRandomThenNone) {
  EXPECT_FALSE(Deflate({}));
  EXPECT_FALSE(Deflate(BytesOf("{}")));
  EXPECT_FALSE(Deflate(BytesOf(R"({"event_id":"$a"})")));
  Bytes noise(10'000);
  MakeSeededRandom(1)->Fill(noise);
  EXPECT_FALSE(Deflate(noise));
}

TEST(Deflate, AnyLengthThenNeverLonger) {
  for (size_t length = 0; length < 600; ++length) {
    const Bytes plain = BytesOf(std::string(length, 'a'));
    const auto packed = Deflate(plain);
    if (!packed) continue;
    EXPECT_LT(packed->size(), plain.size());
    EXPECT_EQ(Inflate(*packed, 1000), plain);
  }
}

// Others pack by other means: the library that everybody has, at its levels, and stored.
TEST(Inflate, StreamsOfZlibThenRead) {
  const Bytes plain = BytesOf(Repeated("0123456789abcdef", 5000));
  for (const int level : {0, 1, 6, 9}) {
    uLongf size = compressBound(static_cast<uLong>(plain.size()));
    Bytes packed(size);
    ASSERT_EQ(
        compress2(packed.data(), &size, plain.data(), static_cast<uLong>(plain.size()), level),
        Z_OK);
    packed.resize(size);
    EXPECT_EQ(Inflate(packed, plain.size()), plain) << level;
  }
}

TEST(Inflate, LongerThanAllowedThenNone) {
  const Bytes plain(100'000, 0);
  const auto bomb = Deflate(plain);
  ASSERT_TRUE(bomb);
  EXPECT_LT(bomb->size(), 200u);
  EXPECT_TRUE(Inflate(*bomb, 100'000));
  EXPECT_FALSE(Inflate(*bomb, 99'999));
  EXPECT_FALSE(Inflate(*bomb, 0));
}

TEST(Inflate, CutOffChangedOrFollowedThenNone) {
  const Bytes plain = BytesOf(Repeated("abcabcabd", 50));
  const Bytes packed = *Deflate(plain);
  for (size_t size = 0; size < packed.size(); ++size) {
    EXPECT_FALSE(Inflate(ByteView(packed).first(size), 1000)) << size;
  }
  Bytes longer = packed;
  longer.push_back(0);
  EXPECT_FALSE(Inflate(longer, 1000));
  Bytes changed = packed;
  changed.back() ^= 1;  // its checksum
  EXPECT_FALSE(Inflate(changed, 1000));
  EXPECT_FALSE(Inflate(BytesOf("no zlib at all"), 1000));
}

}  // namespace
}  // namespace lowband::transcode
