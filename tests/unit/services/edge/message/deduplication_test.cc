#include "services/edge/message/deduplication.h"

#include <gtest/gtest.h>

#include "services/edge/message/limits.h"

namespace lowband::edge::message {
namespace {

using State = ReceivedRequest::State;

constexpr size_t kAll = size_t{1} << 20;

TimePoint At(int s) { return TimePoint() + std::chrono::seconds(s); }

RequestRef Ref(uint64_t serial, uint16_t id, Arrival arrival = Arrival::kConfirmable) {
  return {SessionId{1}, serial, id, arrival};
}

TEST(Deduplication, RequestIsFoundByIdAndSerial) {
  admission::Ledger answers(kAll, admission::Yield::kToAll);
  Deduplication requests(answers, 0);
  Deduplication::Table table;
  requests.Add(At(0), table, Ref(1, 100));
  requests.Add(At(1), table, Ref(2, 200, Arrival::kNonConfirmable));
  ASSERT_TRUE(requests.FindId(table, 200));
  EXPECT_EQ((*requests.FindId(table, 200))->ref.serial, 2u);
  EXPECT_EQ((*requests.FindSerial(table, 1))->ref.message_id, 100);
  EXPECT_FALSE(requests.FindId(table, 300));
  EXPECT_FALSE(requests.FindSerial(table, 3));
  EXPECT_EQ(requests.unanswered(), 2u);
}

// Its message ID is one of ours.
TEST(Deduplication, RequestInsideAnAckIsNotFoundByItsId) {
  admission::Ledger answers(kAll, admission::Yield::kToAll);
  Deduplication requests(answers, 0);
  Deduplication::Table table;
  requests.Add(At(0), table, Ref(1, 100, Arrival::kInAcknowledgement));
  EXPECT_FALSE(requests.FindId(table, 100));
  EXPECT_TRUE(requests.FindSerial(table, 1));
}

TEST(Deduplication, OnlyUnacknowledgedConsWaitForAnAckInTheOrderOfTheirArrival) {
  admission::Ledger answers(kAll, admission::Yield::kToAll);
  Deduplication requests(answers, 0);
  Deduplication::Table table;
  requests.Add(At(0), table, Ref(1, 1, Arrival::kNonConfirmable));
  const auto second = requests.Add(At(1), table, Ref(2, 2));
  const auto third = requests.Add(At(2), table, Ref(3, 3));
  EXPECT_EQ(requests.OldestUnacknowledged(), second);
  requests.Acknowledge(second);
  EXPECT_EQ(second->state, State::kAcknowledged);
  EXPECT_EQ(requests.OldestUnacknowledged(), third);
  requests.Answer(At(3), table, third, State::kPiggybacked, Bytes{1});
  EXPECT_FALSE(requests.OldestUnacknowledged());
  EXPECT_EQ(requests.unanswered(), 2u);
  EXPECT_EQ(table.unanswered(), 2u);
  EXPECT_EQ(table.answered(), 1u);
}

TEST(Deduplication, AnswersAreInTheOrderOfAnswering) {
  admission::Ledger answers(kAll, admission::Yield::kToAll);
  Deduplication requests(answers, 0);
  Deduplication::Table table;
  const auto one = requests.Add(At(0), table, Ref(1, 1));
  const auto two = requests.Add(At(1), table, Ref(2, 2));
  requests.Answer(At(2), table, two, State::kPiggybacked, Bytes{2});
  requests.Answer(At(9), table, one, State::kPiggybacked, Bytes{1});
  EXPECT_EQ(requests.OldestAnswered(), two);
  EXPECT_EQ(two->since, At(2));
  EXPECT_EQ(requests.LeastMissedOf(table), one) << "a session's go in the order of arrival";
  requests.Erase(table, two);
  EXPECT_EQ(requests.OldestAnswered(), one);
}

TEST(Deduplication, AnswersToWhatMustNotHappenTwiceAreMissedMost) {
  admission::Ledger answers(2 * kAnswerOverheadBytes + 1, admission::Yield::kToAll);
  Deduplication requests(answers, 0);
  Deduplication::Table table;
  RequestRef once = Ref(1, 1);
  once.repeatable = false;
  const auto post = requests.Add(At(0), table, once);
  const auto get = requests.Add(At(1), table, Ref(2, 2));
  requests.Answer(At(2), table, post, State::kPiggybacked, Bytes{1});
  EXPECT_FALSE(requests.LeastMissed());
  requests.Answer(At(3), table, get, State::kPiggybacked, Bytes{2});
  ASSERT_TRUE(requests.LeastMissed());
  EXPECT_EQ(requests.LeastMissed()->request, get);
  EXPECT_EQ(requests.LeastMissedOf(table), get);
  EXPECT_EQ(requests.OldestAnswered(), post) << "time makes no difference between them";
  requests.Erase(table, get);
  EXPECT_FALSE(requests.LeastMissed());
  EXPECT_EQ(requests.LeastMissedOf(table), post);
}

TEST(Deduplication, BytesAreCountedThroughEveryChange) {
  admission::Ledger answers(kAll, admission::Yield::kToAll);
  Deduplication requests(answers, 0);
  Deduplication::Table table;
  const auto piggybacked = requests.Add(At(0), table, Ref(1, 1));
  const auto separate = requests.Add(At(0), table, Ref(2, 2));
  requests.Answer(At(1), table, piggybacked, State::kPiggybacked, Bytes(100));
  EXPECT_EQ(requests.answer_bytes(), kAnswerOverheadBytes + 100);
  requests.Acknowledge(separate);
  requests.Answer(At(1), table, separate, State::kSeparate, {});
  EXPECT_EQ(requests.answer_bytes(), 2 * kAnswerOverheadBytes + 100);
  requests.GiveUp(At(2), table, separate, Bytes(50));
  EXPECT_EQ(separate->state, State::kUndelivered);
  EXPECT_EQ(separate->since, At(2));
  EXPECT_EQ(requests.undelivered(), 1u);
  EXPECT_EQ(requests.FindUndelivered(table), separate);
  EXPECT_EQ(requests.answer_bytes(), 2 * kAnswerOverheadBytes + 150);
  EXPECT_EQ(table.answer_bytes(), requests.answer_bytes());
  EXPECT_EQ(requests.Retry(table, separate).size(), 50u);
  EXPECT_EQ(separate->state, State::kSeparate);
  EXPECT_EQ(requests.undelivered(), 0u);
  EXPECT_FALSE(requests.FindUndelivered(table));
  EXPECT_EQ(requests.answer_bytes(), 2 * kAnswerOverheadBytes + 100);
  requests.Erase(table, piggybacked);
  EXPECT_EQ(requests.answer_bytes(), kAnswerOverheadBytes);
  requests.Add(At(0), table, Ref(3, 3));
  requests.EraseAll(table);
  EXPECT_EQ(requests.answer_bytes(), 0u);
  EXPECT_EQ(requests.unanswered(), 0u);
  EXPECT_TRUE(table.empty());
}

}  // namespace
}  // namespace lowband::edge::message
