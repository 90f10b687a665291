#include "services/translator/ingress/answer_queue.h"

#include <gtest/gtest.h>

#include <map>

#include "libs/grpc/contract.h"

namespace lowband::translator::ingress {
namespace {

using contract::kBatchBytesMax;
using contract::kBatchFramesMax;
using contract::kChunkBytesMax;

ExchangeAnswer Answer(size_t size, uint8_t fill = 'x') {
  ExchangeAnswer answer;
  answer.head.set_code(0x45);
  answer.head.set_http_status(418);
  answer.body.assign(size, fill);
  return answer;
}

bool Push(AnswerQueue& queue, uint64_t exchange, ExchangeAnswer answer) {
  return queue.Push(exchange, answer);
}

TEST(AnswerQueue, SmallAnswersThenOneFrameEachInOrder) {
  Budget budget(1000);
  AnswerQueue queue(budget);
  EXPECT_TRUE(Push(queue, 5, Answer(3)));
  EXPECT_TRUE(Push(queue, 6, Answer(0)));
  v1::TranslatorBatch batch;
  queue.Fill(batch);
  ASSERT_EQ(batch.frames_size(), 2);
  EXPECT_EQ(batch.frames(0).exchange(), 5u);
  EXPECT_EQ(batch.frames(0).answer().code(), 0x45u);
  EXPECT_EQ(batch.frames(0).answer().http_status(), 418u);
  EXPECT_EQ(batch.frames(0).answer().body(), "xxx");
  EXPECT_FALSE(batch.frames(0).answer().more());
  EXPECT_FALSE(batch.frames(1).answer().more());
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(budget.used(), 0u);
}

TEST(AnswerQueue, LargeAnswerThenChunksThatAddUpWithinFullBatches) {
  Budget budget(10'000'000);
  AnswerQueue queue(budget);
  EXPECT_TRUE(Push(queue, 1, Answer(10 * kChunkBytesMax + 1)));
  size_t sum = 0;
  bool more = true;
  while (!queue.empty()) {
    v1::TranslatorBatch batch;
    queue.Fill(batch);
    EXPECT_LT(batch.ByteSizeLong(), contract::kMessageBytesMax);
    for (const auto& frame : batch.frames()) {
      EXPECT_TRUE(more) << "a frame after the last";
      EXPECT_EQ(frame.has_answer(), sum == 0);
      const std::string& piece = frame.has_answer() ? frame.answer().body() : frame.body().data();
      EXPECT_LE(piece.size(), kChunkBytesMax);
      sum += piece.size();
      more = frame.has_answer() ? frame.answer().more() : frame.body().more();
    }
    EXPECT_EQ(queue.bytes(), 10 * kChunkBytesMax + 1 - sum);
  }
  EXPECT_FALSE(more);
  EXPECT_EQ(sum, 10 * kChunkBytesMax + 1);
}

TEST(AnswerQueue, BodyOfExactlyOneChunkThenOneFrame) {
  Budget budget(10'000'000);
  AnswerQueue queue(budget);
  EXPECT_TRUE(Push(queue, 1, Answer(kChunkBytesMax)));
  v1::TranslatorBatch batch;
  queue.Fill(batch);
  ASSERT_EQ(batch.frames_size(), 1);
  EXPECT_FALSE(batch.frames(0).answer().more());
}

TEST(AnswerQueue, SmallAnswerBehindLargeOnesThenItIsInTheFirstBatch) {
  Budget budget(100'000'000);
  AnswerQueue queue(budget);
  EXPECT_TRUE(Push(queue, 1, Answer(5'000'000)));
  EXPECT_TRUE(Push(queue, 2, Answer(5'000'000)));
  EXPECT_TRUE(Push(queue, 3, Answer(10)));
  v1::TranslatorBatch batch;
  queue.Fill(batch);
  EXPECT_EQ(batch.frames(2).exchange(), 3u);
  EXPECT_LE(batch.frames_size(), static_cast<int>(kBatchBytesMax / kChunkBytesMax) + 1);
}

TEST(AnswerQueue, ManyAnswersThenNoMoreFramesThanABatchMayHave) {
  Budget budget(1'000'000);
  AnswerQueue queue(budget);
  for (uint64_t id = 1; id <= kBatchFramesMax + 1; ++id) EXPECT_TRUE(Push(queue, id, Answer(1)));
  v1::TranslatorBatch batch;
  queue.Fill(batch);
  EXPECT_EQ(batch.frames_size(), static_cast<int>(kBatchFramesMax));
  EXPECT_EQ(queue.size(), 1u);
}

TEST(AnswerQueue, OverTheBudgetThenRefusedUnlessUncharged) {
  Budget budget(10);
  AnswerQueue queue(budget);
  EXPECT_TRUE(Push(queue, 1, Answer(8)));
  ExchangeAnswer large = Answer(8);
  EXPECT_FALSE(queue.Push(2, large));
  EXPECT_EQ(large.body.size(), 8u) << "what is refused is left as it was";
  queue.PushUncharged(2, Answer(4));
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.bytes(), 8u);
  v1::TranslatorBatch batch;
  queue.Fill(batch);
  EXPECT_EQ(batch.frames_size(), 2);
  EXPECT_EQ(budget.used(), 0u);
}

TEST(AnswerQueue, RemovedHalfWayThenTheRestIsForgottenAndItsBytesAreFree) {
  Budget budget(10'000'000);
  {
    AnswerQueue queue(budget);
    EXPECT_TRUE(Push(queue, 1, Answer(1'000'000)));
    EXPECT_TRUE(Push(queue, 2, Answer(500)));
    v1::TranslatorBatch batch;
    queue.Fill(batch);
    EXPECT_TRUE(queue.Remove(1));
    EXPECT_FALSE(queue.Remove(1));
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(budget.used(), 0u);
    EXPECT_TRUE(Push(queue, 3, Answer(1000)));
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(AnswerQueue, ObservableThenItsFrameGoesBeforeTheAnswer) {
  Budget budget(10'000'000);
  AnswerQueue queue(budget);
  queue.PushObservable(1);
  EXPECT_TRUE(Push(queue, 1, Answer(kChunkBytesMax + 1)));
  EXPECT_EQ(queue.bytes(), kChunkBytesMax + 1);
  v1::TranslatorBatch batch;
  queue.Fill(batch);
  ASSERT_EQ(batch.frames_size(), 3);
  for (const auto& frame : batch.frames()) EXPECT_EQ(frame.exchange(), 1u);
  EXPECT_TRUE(batch.frames(0).has_observable());
  EXPECT_TRUE(batch.frames(1).has_answer());
  EXPECT_TRUE(batch.frames(2).has_body());
  EXPECT_EQ(budget.used(), 0u);
}

TEST(AnswerQueue, RemovedAfterObservableThenOnlyAnAnswerCounts) {
  Budget budget(1000);
  AnswerQueue queue(budget);
  queue.PushObservable(1);
  queue.PushObservable(2);
  EXPECT_TRUE(Push(queue, 2, Answer(8)));
  EXPECT_FALSE(queue.Remove(1)) << "its answer is still to come";
  EXPECT_TRUE(queue.Remove(2));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace lowband::translator::ingress
