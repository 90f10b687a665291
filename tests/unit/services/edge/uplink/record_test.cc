// What is told of exchanges for the log, and the id that ties it to the translator's.
#include <gmock/gmock.h>

#include "tests/unit/services/edge/uplink/rig.h"

namespace lowband::edge::uplink {
namespace {

using ::testing::IsEmpty;

Config Recording(Records records) {
  Config config;
  config.lanes = 1;
  config.records = records;
  return config;
}

std::string WrittenId(const Rig& rig, LaneId lane, size_t frame) {
  return rig.streams.at(lane).Frames().at(frame).request().request_id();
}

TEST(Record, AnswerThenItsCodeAndTheIdThatTheTranslatorGot) {
  Rig rig(Recording(Records::kAll));
  const LaneId lane = rig.Start().front();
  rig.Send(7, v1::PUT, "body");
  rig.now += 30ms;
  rig.Receive(lane, Rig::Head(7, "answer"));
  ASSERT_EQ(rig.records.size(), 1u);
  const ExchangeRecord& record = rig.records.front();
  EXPECT_EQ(AsText(record.id.bytes), WrittenId(rig, lane, 0));
  EXPECT_EQ(record.method, v1::PUT);
  EXPECT_EQ(record.took, 30ms);
  EXPECT_EQ(record.code, coap::kContent);
  EXPECT_EQ(record.answer_bytes, 6u);
  EXPECT_GT(record.request_bytes, 4u);
  EXPECT_FALSE(record.resent);
  EXPECT_FALSE(record.failure);
}

TEST(Record, TwoExchangesThenTwoIds) {
  Rig rig(Recording(Records::kNone));
  const LaneId lane = rig.Start().front();
  rig.Send(1);
  rig.Written(lane);
  rig.Send(2);
  EXPECT_EQ(WrittenId(rig, lane, 0).size(), RequestId::kSize);
  EXPECT_NE(WrittenId(rig, lane, 0), WrittenId(rig, lane, 1));
}

TEST(Record, ResentThenTheSameIdOnTheOtherLane) {
  Config config = Recording(Records::kAll);
  config.lanes = 2;
  Rig rig(config);
  rig.Start();
  rig.Send(1);
  const LaneId first = rig.LaneOf(1);
  rig.Dead(first);
  rig.Advance(config.resend_delay);
  const LaneId second = rig.LaneOf(1);
  ASSERT_NE(second, first);
  EXPECT_EQ(WrittenId(rig, first, 0), WrittenId(rig, second, 0));
  rig.Answer(second, 1);
  ASSERT_EQ(rig.records.size(), 1u);
  EXPECT_TRUE(rig.records.front().resent);
}

TEST(Record, NoAnswerInTimeThenTheFailure) {
  Rig rig(Recording(Records::kFailures));
  const LaneId lane = rig.Start().front();
  rig.Send(1, v1::GET, "", 5s);
  rig.Send(2);
  rig.Written(lane);
  rig.Answer(lane, 2);
  EXPECT_THAT(rig.records, IsEmpty());
  rig.RunFor(5s);
  ASSERT_EQ(rig.records.size(), 1u);
  EXPECT_EQ(rig.records.front().failure, Failure::kDeadline);
  EXPECT_EQ(rig.records.front().took, 5s);
  EXPECT_FALSE(rig.records.front().code);
}

TEST(Record, AnswerOfClassFiveThenAFailureToo) {
  Rig rig(Recording(Records::kFailures));
  const LaneId lane = rig.Start().front();
  rig.Send(1);
  rig.Receive(lane, Rig::Head(1, "", false, coap::kGatewayTimeout.value));
  ASSERT_EQ(rig.records.size(), 1u);
  EXPECT_EQ(rig.records.front().code, coap::kGatewayTimeout);
}

// A 403 would be nobody's failure but its client's.
TEST(Record, PollThatFailedThenAFailureWhateverItsClass) {
  Rig rig(Recording(Records::kFailures));
  const LaneId lane = rig.Start().front();
  rig.Send(1);
  v1::TranslatorBatch batch = Rig::Head(1, "", false, coap::kForbidden.value);
  batch.mutable_frames(0)->mutable_answer()->mutable_poll()->set_outcome(v1::Poll::FAILED);
  rig.Receive(lane, std::move(batch));
  ASSERT_EQ(rig.records.size(), 1u);
  EXPECT_TRUE(rig.records.front().poll_failed);
  EXPECT_EQ(rig.records.front().code, coap::kForbidden);
}

TEST(Record, CancelledThenNeitherCodeNorFailure) {
  Rig rig(Recording(Records::kAll));
  rig.Start();
  rig.Send(1);
  rig.Cancel(1);
  ASSERT_EQ(rig.records.size(), 1u);
  EXPECT_FALSE(rig.records.front().code);
  EXPECT_FALSE(rig.records.front().failure);
}

TEST(Record, NotAskedForThenNone) {
  Rig rig(Recording(Records::kNone));
  const LaneId lane = rig.Start().front();
  rig.Send(1);
  rig.Answer(lane, 1);
  rig.Send(2, v1::GET, "", 1s);
  rig.Send(3);
  rig.Cancel(3);
  rig.RunFor(1s);
  EXPECT_THAT(rig.records, IsEmpty());
}

TEST(Record, FailuresThenEachHasANameOfItsOwn) {
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Failure::kBadAnswer); ++i) {
    names.push_back(AnswerFor(static_cast<Failure>(i)).name);
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace
}  // namespace lowband::edge::uplink
