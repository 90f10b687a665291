// Answers by a window, in the queue of a lane.
#include <gtest/gtest.h>

#include "libs/grpc/contract.h"
#include "services/translator/ingress/answer_queue.h"

namespace lowband::translator::ingress {
namespace {

ExchangeAnswer AnswerOf(size_t size) {
  ExchangeAnswer answer;
  answer.head.set_code(0x45);
  answer.body.resize(size);
  for (size_t i = 0; i < size; ++i) answer.body[i] = static_cast<uint8_t>(i * 7 + i / 256);
  return answer;
}

class AnswerWindow : public ::testing::Test {
 protected:
  void Push(uint64_t exchange, size_t size, size_t window, size_t from = 0) {
    auto [place, dropped] = held_.Admit(exchange, size, {}, exchange);
    queue_.PushWindowed(exchange, AnswerOf(size), {window, from}, "digest", std::move(*place));
  }
  /// What is ready.
  std::vector<v1::TranslatorFrame> Frames() {
    std::vector<v1::TranslatorFrame> out;
    while (!queue_.empty()) {
      v1::TranslatorBatch batch;
      queue_.Fill(batch);
      EXPECT_LT(batch.ByteSizeLong(), contract::kMessageBytesMax);
      out.insert(out.end(), batch.frames().begin(), batch.frames().end());
    }
    return out;
  }
  /// The bytes of what is ready, all of one answer.
  size_t Written() {
    size_t sum = 0;
    for (const auto& frame : Frames()) {
      sum += frame.has_answer() ? frame.answer().body().size() : frame.body().data().size();
    }
    return sum;
  }

  Budget budget_{1000};
  HeldAnswers held_{10'000'000};
  AnswerQueue queue_{budget_};
};

TEST_F(AnswerWindow, HeadThenTheWindowAndNoMore) {
  Push(1, 300'000, 100'000);
  const auto frames = Frames();
  ASSERT_EQ(frames.size(), 2U);
  const v1::Answer& head = frames[0].answer();
  EXPECT_EQ(head.windowed().bytes(), 300'000U);
  EXPECT_EQ(head.windowed().from(), 0U);
  EXPECT_EQ(head.windowed().digest(), "digest");
  EXPECT_EQ(head.body().size(), contract::kChunkBytesMax);
  EXPECT_TRUE(head.more());
  EXPECT_EQ(frames[1].body().data().size(), 100'000 - contract::kChunkBytesMax);
  EXPECT_TRUE(frames[1].body().more());
  EXPECT_TRUE(queue_.empty()) << "it waits, and nothing waits for it";
  EXPECT_EQ(queue_.bytes(), 0U) << "a lane full of what waits for credit is still read";
  EXPECT_EQ(held_.bytes(), 300'000U);
}

TEST_F(AnswerWindow, CreditThenSoMuchAndTheLastPieceEndsIt) {
  Push(1, 30'000, 10'000);
  EXPECT_EQ(Written(), 10'000U);
  queue_.GiveCredit(1, 15'000);
  EXPECT_EQ(Written(), 5'000U);
  queue_.GiveCredit(1, 12'000);
  EXPECT_EQ(Written(), 0U) << "credit never shrinks, nor counts twice";
  queue_.GiveCredit(1, 99'000);
  const auto frames = Frames();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].body().data().size(), 15'000U);
  EXPECT_FALSE(frames[0].body().more());
  EXPECT_EQ(held_.size(), 0U);
  queue_.GiveCredit(1, 100'000);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(AnswerWindow, FromTheMiddleThenTheRestOfIt) {
  Push(1, 30'000, 10'000, 25'000);
  const auto frames = Frames();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].answer().windowed().from(), 25'000U);
  EXPECT_EQ(frames[0].answer().body().size(), 5'000U);
  EXPECT_FALSE(frames[0].answer().more());
  const ExchangeAnswer whole = AnswerOf(30'000);
  EXPECT_EQ(frames[0].answer().body(), AsText(ByteView(whole.body).subspan(25'000)));
  EXPECT_EQ(held_.size(), 0U);
}

TEST_F(AnswerWindow, FromBeyondTheEndThenOnlyItsSize) {
  Push(1, 30'000, 10'000, 31'000);
  const auto frames = Frames();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].answer().windowed().from(), 30'000U);
  EXPECT_FALSE(frames[0].answer().more());
}

TEST_F(AnswerWindow, CancelledThenNothingOfItIsLeft) {
  Push(1, 30'000, 10'000);
  EXPECT_TRUE(queue_.Remove(1)) << "before a byte was written";
  EXPECT_EQ(held_.size(), 0U);
  EXPECT_TRUE(queue_.empty());
  Push(2, 30'000, 10'000);
  Written();
  EXPECT_TRUE(queue_.Remove(2)) << "while it waits for credit";
  EXPECT_EQ(held_.size(), 0U);
  queue_.GiveCredit(2, 20'000);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(AnswerWindow, LosesItsPlaceThenTheEdgeIsToldBehindTheHead) {
  Push(1, 30'000, 10'000);
  queue_.Drop(1);
  const auto frames = Frames();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_TRUE(frames[0].has_answer());
  EXPECT_TRUE(frames[1].has_dropped());
  Push(2, 30'000, 10'000);
  Written();
  queue_.GiveCredit(2, 20'000);
  queue_.Drop(2);
  const auto later = Frames();
  ASSERT_EQ(later.size(), 1U);
  EXPECT_TRUE(later[0].has_dropped());
  queue_.Drop(2);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(AnswerWindow, LaneEndsThenThePlacesAreFree) {
  Push(1, 30'000, 10'000);
  Push(2, 30'000, 10'000);
  Written();
  Push(3, 30'000, 10'000);
  queue_.DropHeld();
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(held_.size(), 0U);
}

TEST_F(AnswerWindow, WhatGoesByItIsLargeAndRepeatable) {
  EXPECT_TRUE(GoesByWindow(AnswerOf(101), {100, 0}));
  EXPECT_FALSE(GoesByWindow(AnswerOf(100), {100, 0})) << "as small as the window";
  EXPECT_FALSE(GoesByWindow(AnswerOf(101), {0, 0})) << "an old edge";
  ExchangeAnswer error = AnswerOf(101);
  error.head.set_code(0x84);
  EXPECT_FALSE(GoesByWindow(error, {100, 0}));
  ExchangeAnswer poll = AnswerOf(101);
  (void)poll.head.mutable_poll();
  EXPECT_FALSE(GoesByWindow(poll, {100, 0}));
}

TEST_F(AnswerWindow, DigestThenTheSameForTheSameBytesOnly) {
  const Bytes body(1000, 'x');
  Bytes other = body;
  other[500] = 'y';
  EXPECT_EQ(DigestOf(body).size(), 16U);
  EXPECT_EQ(DigestOf(body), DigestOf(Bytes(body)));
  EXPECT_NE(DigestOf(body), DigestOf(other));
}

}  // namespace
}  // namespace lowband::translator::ingress
