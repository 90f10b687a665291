#include "libs/http/chunked.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "libs/http/limits.h"

namespace lowband::http {
namespace {

using namespace std::string_view_literals;

struct Decoded {
  std::string body;
  size_t consumed = 0;
  bool done = false;
  std::string wrong;  ///< The refusal's text.
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

std::ostream& operator<<(std::ostream& out, const Decoded& d) {
  return out << '"' << d.body << "\" of " << d.consumed << (d.done ? " done " : " open ")
             << d.wrong;
}

/// Feeds `in` as it would arrive: at each of the places `cuts` more of it becomes visible.
Decoded Decode(std::string_view in, std::vector<size_t> cuts = {}) {
  cuts.push_back(in.size());
  ChunkedDecoder decoder;
  Decoded out;
  for (const size_t cut : cuts) {
    while (true) {
      const auto step = decoder.Next(in.substr(out.consumed, cut - out.consumed));
      if (!step) {
        EXPECT_EQ(step.error().status, 400);
        EXPECT_EQ(step.error().fault, Fault::kChunk);
        out.wrong = step.error().text;
        out.consumed = 0;  // how far it came before is nobody's concern
        return out;
      }
      if (step->consumed == 0) break;
      EXPECT_LE(step->data.size(), step->consumed);
      out.consumed += step->consumed;
      out.body += step->data;
    }
  }
  out.done = decoder.done();
  return out;
}

std::vector<size_t> EachByte(std::string_view in) {
  std::vector<size_t> cuts(in.size());
  for (size_t i = 0; i < cuts.size(); ++i) cuts[i] = i;
  return cuts;
}

TEST(Chunked, GivesTheDataOfAllChunks) {
  const std::string_view good =
      "5\r\nhello\r\n1;a=\"b\\\";\"\r\n,\r\n00A\r\n\r\n world\n\0\r\n0\r\n\r\nGET"sv;
  const Decoded all = Decode(good);
  EXPECT_EQ(all.body, "hello,\r\n world\n\0"sv);
  EXPECT_EQ(all.consumed, good.size() - 3);
  EXPECT_TRUE(all.done);
  EXPECT_EQ(Decode(good, EachByte(good)), all);
}

TEST(Chunked, DataPointsIntoTheInput) {
  const std::string in = "3\r\nabc";
  ChunkedDecoder decoder;
  const auto step = decoder.Next(in);
  ASSERT_TRUE(step);
  EXPECT_EQ(step->data.data(), in.data() + 3);
  EXPECT_EQ(step->consumed, in.size());
  EXPECT_FALSE(decoder.done());
}

TEST(Chunked, AcceptedEndsAreDone) {
  for (const std::string_view in :
       {"0\r\n\r\n", "0000000000000000\r\n\r\n", "0;a\r\n\r\n", "0;a= b\t\r\n\r\n",
        "0\r\nA: b\r\nC:\r\n\r\n", "0\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n"}) {
    EXPECT_EQ(Decode(in), (Decoded{"", in.size(), true, ""})) << in;
    EXPECT_EQ(Decode(in, EachByte(in)), Decode(in)) << in;
  }
}

TEST(Chunked, NothingIsTakenBehindTheEnd) {
  ChunkedDecoder decoder;
  ASSERT_TRUE(decoder.Next("0\r\n\r\n"));
  ASSERT_TRUE(decoder.done());
  const auto step = decoder.Next("5\r\nhello\r\n");
  ASSERT_TRUE(step);
  EXPECT_EQ(step->consumed, 0u);
}

TEST(Chunked, UnfinishedInputWaits) {
  for (const std::string_view in : {"", "5", "5\r", "5;", "5;a", "5\r\n", "5\r\nhell", "5\r\nhello",
                                    "5\r\nhello\r", "0\r\n", "0\r\n\r", "0\r\nA", "0\r\nA: b\r\n",
                                    "0\r\nA: b\r\n\r", "ffffffffffff", "4000000000000000\r\nx"}) {
    const Decoded out = Decode(in);
    EXPECT_EQ(out.wrong, "") << in;
    EXPECT_FALSE(out.done) << in;
    EXPECT_EQ(Decode(in, EachByte(in)), out) << in;
  }
}

TEST(Chunked, MalformedOnesAreRefusedAtTheFirstByteThatShowsIt) {
  for (const std::string_view in : {
           // sizes
           "\r\n"sv,
           " "sv,
           "\t"sv,
           "+"sv,
           "-"sv,
           "0x"sv,
           "0X"sv,
           "5 "sv,
           "5\t"sv,

           "g"sv,
           "5h"sv,
           "5_"sv,
           "5."sv,
           "5,"sv,
           "\""sv,
           ";"sv,
           "\0"sv,
           "5\0"sv,
           "\xd9"sv,
           "5\x0b"sv,
           "4000000000000001"sv,
           "8000000000000000"sv,
           "ffffffffffffffff"sv,
           "00000000000000000"sv,
           "00000000000000005"sv,
           // line ends
           "\n"sv,
           "5\n"sv,
           "5\rh"sv,
           "5\r\r"sv,
           "5;a\n"sv,
           "5;a\r;"sv,
           "5;a\0"sv,
           "5;\"a\n"sv,
           "5;a\x01"sv,
           "5;a\x7f"sv,
           "5;a\x80"sv,
           "0\n"sv,
           "0;\n"sv,
           // data of another size
           "5\r\nhello1"sv,
           "5\r\nhello\n"sv,
           "5\r\nhello\r\r"sv,
           "5\r\nhello\rx"sv,
           "5\r\nhello "sv,
           "4\r\nhello"sv,
           "1\r\na\r\n\r\n"sv,
           "1\r\na\r\n;"sv,
           // trailers
           "0\r\n\n"sv,
           "0\r\n\rx"sv,
           "0\r\n "sv,
           "0\r\n\t"sv,
           "0\r\nA: b\r\n "sv,
           "0\r\nA: b\n"sv,
           "0\r\nA: b\rc"sv,
           "0\r\nA: b\0"sv,
           "0\r\nA\r\n"sv,
           "0\r\nA : b\r\n"sv,
           "0\r\n: b\r\n"sv,
           "0\r\nA: b\x01\r\n"sv,
           "0\r\nGET / HTTP/1.1\r\n"sv,
           "0\r\n\0"sv,
       }) {
    EXPECT_NE(Decode(in).wrong, "") << in;
    EXPECT_EQ(Decode(in.substr(0, in.size() - 1)).wrong, "") << in;
    const Decoded whole = Decode(std::string(in) + "\r\n0\r\n\r\n");
    EXPECT_EQ(Decode(in, EachByte(in)), whole) << in;
  }
}

TEST(Chunked, LongLinesAreRefusedBeforeTheyEnd) {
  const std::string fits = "1;" + std::string(kChunkLineBytesMax - 2, 'a');
  EXPECT_EQ(Decode(fits + "\r\nx").body, "x");
  EXPECT_NE(Decode(fits + "a").wrong, "");
  EXPECT_NE(Decode(fits + "a\r\nx").wrong, "");
}

TEST(Chunked, LargeTrailersAreRefused) {
  std::string in = "0\r\n";
  while (in.size() < kTrailerBytesMax + 3) in += "a:b\r\n";
  EXPECT_NE(Decode(in + "\r\n").wrong, "");
  EXPECT_NE(Decode("0\r\nA:" + std::string(kTrailerBytesMax, 'a')).wrong, "");
  const std::string fits = "0\r\nA:" + std::string(kTrailerBytesMax - 4, 'a') + "\r\n\r\n";
  EXPECT_TRUE(Decode(fits).done);
}

/// Chunks put together at random; about every second one has a piece that does not belong there.
std::string RandomChunks(std::mt19937& random) {
  std::string in;
  for (size_t chunk = random() % 4; chunk > 0; --chunk) {
    const size_t size = 1 + random() % 40;
    in += ChunkHead(size);
    if (random() % 3 == 0) in.insert(in.size() - 2, ";a=\"b\"");
    for (size_t i = 0; i < size; ++i) in += static_cast<char>(random());
    in += kChunkEnd;
  }
  in += "0\r\n";
  if (random() % 2 == 0) in += "A: b\r\n";
  in += "\r\nrest";
  if (random() % 2 == 0) in[random() % in.size()] = "\r\n\0 0;a:"[random() % 8];
  return in;
}

TEST(Chunked, ResultDoesNotDependOnHowTheInputIsSplit) {
  std::mt19937 random(20);
  int refused = 0;
  for (int round = 0; round < 5'000; ++round) {
    const std::string in = RandomChunks(random);
    const Decoded whole = Decode(in);
    refused += whole.wrong.empty() ? 0 : 1;
    std::vector<size_t> cuts(random() % 8);
    for (size_t& cut : cuts) cut = random() % (in.size() + 1);
    std::ranges::sort(cuts);
    ASSERT_EQ(Decode(in, cuts), whole) << in;
    ASSERT_EQ(Decode(in, EachByte(in)), whole) << in;
  }
  EXPECT_GT(refused, 500);
  EXPECT_LT(refused, 4'500);
}

TEST(Chunked, WhatIsWrittenIsRead) {
  EXPECT_EQ(ChunkHead(1), "1\r\n");
  EXPECT_EQ(ChunkHead(65'535), "ffff\r\n");
  EXPECT_EQ(ChunkHead(SIZE_MAX), "ffffffffffffffff\r\n");
  const std::string piece(300, 'x');
  std::string in = ChunkHead(piece.size()) + piece;
  in.append(kChunkEnd).append(kLastChunk);
  EXPECT_EQ(Decode(in), (Decoded{piece, in.size(), true, ""}));
}

TEST(ChunkedDeathTest, AnEmptyChunkWouldEndTheBody) { EXPECT_DEATH(ChunkHead(0), ""); }

}  // namespace
}  // namespace lowband::http
