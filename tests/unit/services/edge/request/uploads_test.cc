#include "services/edge/request/uploads.h"

#include <gtest/gtest.h>

#include <random>

#include "services/edge/request/limits.h"

namespace lowband::edge::request {
namespace {

TimePoint At(int s) { return TimePoint() + std::chrono::seconds(s); }

class UploadsTest : public ::testing::Test {
 protected:
  UploadBlock Piece(uint32_t number, bool more, const Bytes& payload, uint64_t upload = 1,
                    uint64_t session = 1) {
    return {SessionId{session}, {}, upload, {number, more, 0}, payload, {}, {}};
  }
  // The code of the refusal; 2.31 or 2.04 otherwise.
  std::string Add(const UploadBlock& piece, int at_s = 0) {
    auto added = uploads_.Add(At(at_s), piece);
    if (!added) return added.error().code ? added.error().code->Text() : "http";
    if (!*added) return "2.31";
    complete_ = std::move((*added)->body);
    return "2.04";  // its booking ends here, as with its exchange
  }

  Config config_;
  Counters counters_;
  admission::Ledger ledger_{1 << 20, admission::Yield::kToProven};
  LedgerShare budget_{ledger_, {}, 0};
  Uploads uploads_{config_, budget_, budget_, counters_};
  Bytes complete_;
  const Bytes a_ = Bytes(16, 'a');
  const Bytes b_ = Bytes(16, 'b');
};

TEST_F(UploadsTest, BlocksInOrderThenTheWhole) {
  EXPECT_EQ(Add(Piece(0, true, a_)), "2.31");
  EXPECT_EQ(budget_.used(), 16u);
  EXPECT_EQ(Add(Piece(1, true, b_)), "2.31");
  EXPECT_EQ(Add(Piece(2, false, Bytes{'c'})), "2.04");
  EXPECT_EQ(AsText(complete_), "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbc");
  EXPECT_EQ(uploads_.size(), 0u);
  EXPECT_EQ(budget_.used(), 0u);
}

// The client would take the upload for done.
TEST_F(UploadsTest, LastBlockAmongThoseReceivedThenItIsNoRepetition) {
  Add(Piece(0, true, a_));
  Add(Piece(1, true, b_));
  EXPECT_EQ(Add(Piece(1, true, b_)), "2.31");
  EXPECT_EQ(Add(Piece(1, false, b_)), "4.08");
  EXPECT_EQ(uploads_.size(), 1u);
}

TEST_F(UploadsTest, EveryWayToEndGivesTheBytesBack) {
  Add(Piece(0, true, a_));
  Add(Piece(0, true, b_));  // again from the start
  EXPECT_EQ(budget_.used(), 16u);
  Add(Piece(0, true, a_, 2));
  uploads_.Forget(SessionId{1});
  EXPECT_EQ(budget_.used(), 0u);
  Add(Piece(0, true, a_), 0);
  uploads_.Expire(At(59));
  EXPECT_EQ(uploads_.size(), 1u);
  EXPECT_EQ(uploads_.NextDeadline(), At(60));
  uploads_.Expire(At(60));
  EXPECT_EQ(uploads_.size(), 0u);
  EXPECT_EQ(budget_.used(), 0u);
  EXPECT_FALSE(uploads_.NextDeadline());
}

TEST_F(UploadsTest, TricklingUploadEnds) {
  Add(Piece(0, true, a_), 0);
  int at = 0;
  uint32_t number = 1;
  for (at = 50; at < 300; at += 50) EXPECT_EQ(Add(Piece(number++, true, a_), at), "2.31");
  EXPECT_EQ(Add(Piece(number, true, a_), 300), "4.08");
  EXPECT_EQ(uploads_.size(), 0u);
}

TEST_F(UploadsTest, SlowUploadThatMovesOnThenItIsTaken) {
  const Bytes block(1024, 'x');
  constexpr uint32_t kBlocks = 60;
  for (uint32_t number = 0; number < kBlocks; ++number) {
    UploadBlock piece = Piece(number, true, block);
    piece.block.szx = 6;
    EXPECT_EQ(Add(piece, static_cast<int>(50 * number)), "2.31") << number;
  }
  EXPECT_EQ(budget_.used(), kBlocks * block.size());
}

TEST_F(UploadsTest, UploadThatBecomesATrickleThenItEnds) {
  const Bytes block(1024, 'x');
  UploadBlock piece = Piece(0, true, block);
  piece.block.szx = 6;
  EXPECT_EQ(Add(piece, 0), "2.31");
  // What it brought before does not count for what it brings now.
  uint32_t number = 64;  // the same offset in blocks of 16
  int at = 0;
  for (at = 50; at < 300; at += 50) EXPECT_EQ(Add(Piece(number++, true, a_), at), "2.31") << at;
  for (; at < 600; at += 50) EXPECT_EQ(Add(Piece(number++, true, a_), at), "2.31") << at;
  EXPECT_EQ(Add(Piece(number, true, a_), 600), "4.08");
  EXPECT_EQ(uploads_.size(), 0u);
}

TEST_F(UploadsTest, Size1NeverAllocates) {
  UploadBlock piece = Piece(0, true, a_);
  piece.size1 = 200'000;
  EXPECT_EQ(Add(piece), "2.31");
  EXPECT_EQ(budget_.used(), 16u);
}

TEST_F(UploadsTest, OverTheLimitThenTheUploadIsDropped) {
  Add(Piece(0, true, a_));
  UploadBlock piece = Piece(1, true, a_);
  piece.size1 = static_cast<uint32_t>(config_.request_body_bytes_max + 1);
  EXPECT_EQ(Add(piece), "4.13");
  EXPECT_EQ(uploads_.size(), 0u);
  EXPECT_EQ(Add(Piece(coap::Block::kNumberMax, true, a_)), "4.13");
}

TEST_F(UploadsTest, ContentFormatOfTheFirstBlockIsKept) {
  UploadBlock first = Piece(0, true, a_);
  first.content_format = 60;
  EXPECT_EQ(Add(first), "2.31");
  auto added = uploads_.Add(At(0), Piece(1, false, b_));
  ASSERT_TRUE(added && *added);
  EXPECT_EQ((*added)->content_format, 60u);
}

TEST_F(UploadsTest, WithoutRoomThenTheUploadIsRefusedAndItsBytesGivenBack) {
  admission::Ledger ledger(40, admission::Yield::kToProven);
  LedgerShare small(ledger, {.partial_sheltered = kUploadQuiet}, 0);
  Uploads uploads(config_, small, small, counters_);
  EXPECT_TRUE(uploads.Add(At(0), Piece(0, true, a_)));
  EXPECT_TRUE(uploads.Add(At(0), Piece(1, true, a_)));
  const auto refused = uploads.Add(At(0), Piece(2, true, a_));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().http_status, 503);
  EXPECT_EQ(small.used(), 0u);
}

// Blocks of any size in any order, repeated, restarted: what completes is what was sent.
TEST_F(UploadsTest, WhateverCompletesIsTheBody) {
  std::mt19937 random(11);
  int completed = 0;
  for (int round = 0; round < 300; ++round) {
    Bytes body(1 + random() % 400);
    for (uint8_t& byte : body) byte = static_cast<uint8_t>(random());
    size_t known = 0;
    for (int step = 0; step < 60; ++step) {
      const auto szx = static_cast<uint8_t>(random() % 3);
      const size_t size = size_t{16} << szx;
      size_t offset = known / size * size;
      if (random() % 6 == 0) offset = random() % (body.size() / size + 1) * size;
      const size_t length = std::min(size, body.size() - std::min(offset, body.size()));
      if (length == 0) continue;
      const bool more = offset + length < body.size();
      const Bytes payload(body.begin() + static_cast<ptrdiff_t>(offset),
                          body.begin() + static_cast<ptrdiff_t>(offset + length));
      const std::string got = Add({SessionId{1},
                                   {},
                                   1,
                                   {static_cast<uint32_t>(offset / size), more, szx},
                                   payload,
                                   {},
                                   {}});
      if (got == "2.04") {
        EXPECT_EQ(complete_, body);
        ++completed;
        break;
      }
      if (got == "2.31") known = offset == 0 ? length : std::max(known, offset + length);
    }
    uploads_.Forget(SessionId{1});
    EXPECT_EQ(budget_.used(), 0u);
  }
  EXPECT_GT(completed, 200);
}

}  // namespace
}  // namespace lowband::edge::request
