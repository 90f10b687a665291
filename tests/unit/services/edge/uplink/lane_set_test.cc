// Requests on their way out and answers on their way in, with lanes that behave.
#include "services/edge/uplink/lane_set.h"

#include <gmock/gmock.h>

#include "services/edge/uplink/limits.h"
#include "tests/unit/services/edge/uplink/rig.h"

namespace lowband::edge::uplink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Config OneLane() {
  Config config;
  config.lanes = 1;
  return config;
}

TEST(LaneSet, FirstAdvanceThenAsksForTheConfiguredLanes) {
  Rig rig;
  rig.Pump();
  EXPECT_THAT(rig.asked, IsEmpty());
  rig.Advance(0s);
  EXPECT_EQ(rig.asked.size(), 2u);
  EXPECT_FALSE(rig.set.ready());
  rig.Opened(rig.streams.begin()->first);
  EXPECT_TRUE(rig.set.ready());
}

TEST(LaneSet, RequestAndAnswerThenOneAnswerWithAllItsFields) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  rig.Send(7, v1::PUT, "body", 5s);

  const auto frames = rig.streams.at(lane).Frames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].exchange(), 7u);
  EXPECT_EQ(frames[0].request().method(), v1::PUT);
  EXPECT_EQ(frames[0].request().path(0), "_matrix");
  EXPECT_EQ(frames[0].request().body(), "body");
  EXPECT_FALSE(frames[0].request().more());
  EXPECT_EQ(frames[0].request().deadline_ms(), 5000u);

  v1::TranslatorBatch batch = Rig::Head(7, "answer");
  v1::Answer& head = *batch.mutable_frames(0)->mutable_answer();
  head.set_http_status(418);
  head.set_max_age(9);
  head.set_token_refused(true);
  rig.Receive(lane, std::move(batch));
  ASSERT_TRUE(rig.Answered(7));
  const request::Answer& answer = rig.answers.at(7);
  EXPECT_EQ(answer.code, coap::kContent);
  EXPECT_EQ(answer.http_status, 418u);
  EXPECT_EQ(answer.content_format, 60u);
  EXPECT_EQ(answer.max_age, 9u);
  EXPECT_TRUE(answer.token_refused);
  EXPECT_EQ(AsText(answer.body), "answer");
  EXPECT_EQ(rig.set.exchanges_in_flight(), 0u);
}

// A translator of an earlier version does not say it.
TEST(LaneSet, TokenTakenThenOnlyWhereTheTranslatorSaysSoOrSaysNothingOfASuccess) {
  struct Case {
    uint32_t code;
    std::optional<bool> said;
    bool taken;
  };
  for (const Case& c :
       {Case{coap::kContent.value, true, true}, Case{coap::kContent.value, false, false},
        Case{coap::kContent.value, std::nullopt, true},
        Case{coap::kForbidden.value, std::nullopt, false},
        Case{coap::kForbidden.value, true, false}}) {
    Rig rig(OneLane());
    const LaneId lane = rig.Start().front();
    rig.Send(1);
    v1::TranslatorBatch batch = Rig::Head(1);
    v1::Answer& head = *batch.mutable_frames(0)->mutable_answer();
    head.set_code(c.code);
    if (c.said) head.set_token_taken(*c.said);
    rig.Receive(lane, std::move(batch));
    ASSERT_TRUE(rig.Answered(1));
    EXPECT_EQ(rig.answers.at(1).token_taken, c.taken) << c.code;
  }
}

TEST(LaneSet, OptionalFieldsAbsentThenAbsentInTheAnswer) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  rig.Send(1);
  v1::TranslatorBatch batch = Rig::Head(1);
  batch.mutable_frames(0)->mutable_answer()->clear_content_format();
  rig.Receive(lane, std::move(batch));
  EXPECT_FALSE(rig.answers.at(1).http_status);
  EXPECT_FALSE(rig.answers.at(1).content_format);
  EXPECT_FALSE(rig.answers.at(1).max_age);
}

TEST(LaneSet, WriteUnderWayThenTheNextBatchTakesAllThatQueuedUp) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  rig.Send(1);
  rig.Send(2);
  rig.Send(3);
  EXPECT_EQ(rig.streams.at(lane).batches.size(), 1u);
  rig.Written(lane);
  ASSERT_EQ(rig.streams.at(lane).batches.size(), 2u);
  EXPECT_EQ(rig.streams.at(lane).batches[1].frames_size(), 2);
  EXPECT_THAT(rig.streams.at(lane).Requests(), ElementsAre(1, 2, 3));
}

TEST(LaneSet, NothingWaitsForTheWriteUnderWayThenItsEndIsNotAwaited) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  rig.Send(1);
  EXPECT_EQ(rig.streams.at(lane).awaited, 0);
  rig.Send(2);
  EXPECT_EQ(rig.streams.at(lane).awaited, 1);
  rig.Send(3);
  EXPECT_EQ(rig.streams.at(lane).awaited, 1) << "once is enough";
  rig.Written(lane);
  EXPECT_EQ(rig.streams.at(lane).awaited, 1);
  rig.Send(4);
  EXPECT_EQ(rig.streams.at(lane).awaited, 2);
}

TEST(LaneSet, IdleDrainingLaneWithAWriteUnderWayThenItsEndIsAwaited) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  rig.Send(1);
  rig.Answer(lane, 1);
  EXPECT_EQ(rig.streams.at(lane).awaited, 0);
  rig.Drain(lane);
  EXPECT_EQ(rig.streams.at(lane).awaited, 1);
  rig.Written(lane);
  EXPECT_TRUE(rig.streams.at(lane).finished);
}

TEST(LaneSet, TwoLanesThenTheOneWithFewerInFlightIsChosen) {
  Rig rig;
  const auto lanes = rig.Start();
  rig.Send(1);
  rig.Send(2);
  EXPECT_NE(rig.LaneOf(1), rig.LaneOf(2));
  rig.Answer(rig.LaneOf(1), 1);
  rig.Written(lanes[0]);
  rig.Written(lanes[1]);
  rig.Send(3);
  EXPECT_EQ(rig.LaneOf(3), rig.LaneOf(1));
}

TEST(LaneSet, WaitedBeforeItWasWrittenThenTheDeadlineSentIsWhatRemains) {
  Rig rig(OneLane());
  rig.Advance(0s);
  const LaneId lane = rig.asked.front();
  rig.Send(1, v1::GET, "", 10s);
  rig.Advance(1500ms);
  EXPECT_THAT(rig.streams.at(lane).batches, IsEmpty());
  rig.Opened(lane);
  ASSERT_EQ(rig.streams.at(lane).Frames().size(), 1u);
  EXPECT_EQ(rig.streams.at(lane).Frames()[0].request().deadline_ms(), 8500u);
}

TEST(LaneSet, LargeBodyThenPiecesThatAddUp) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  std::string body;
  for (size_t i = 0; i < 3 * kChunkBytesMax + 5; ++i) body += static_cast<char>(i * 31 >> 3);
  rig.Send(1, v1::POST, body);
  rig.Written(lane);
  std::string got;
  const auto frames = rig.streams.at(lane).Frames();
  ASSERT_EQ(frames.size(), 4u);
  for (size_t i = 0; i < frames.size(); ++i) {
    const bool head = frames[i].has_request();
    EXPECT_EQ(head, i == 0);
    const std::string& piece = head ? frames[i].request().body() : frames[i].body().data();
    EXPECT_LE(piece.size(), kChunkBytesMax);
    EXPECT_EQ(head ? frames[i].request().more() : frames[i].body().more(), i + 1 < frames.size());
    got += piece;
  }
  EXPECT_EQ(got, body);
}

TEST(LaneSet, BodyOfExactlyOneChunkThenNoEmptyPieceFollows) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  rig.Send(1, v1::PUT, std::string(kChunkBytesMax, 'x'));
  rig.Written(lane);
  ASSERT_EQ(rig.streams.at(lane).Frames().size(), 1u);
  EXPECT_FALSE(rig.streams.at(lane).Frames()[0].request().more());
}

TEST(LaneSet, SmallRequestBehindLargeBodiesThenItIsWrittenInTurn) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  rig.Submit(1, v1::PUT, std::string(1024 * 1024, 'a'));
  rig.Submit(2, v1::PUT, std::string(1024 * 1024, 'b'));
  rig.Submit(3);
  rig.Pump();
  const auto frames = rig.streams.at(lane).Frames();
  ASSERT_GE(frames.size(), 3u);
  EXPECT_EQ(frames[0].exchange(), 1u);
  EXPECT_EQ(frames[1].exchange(), 2u);
  EXPECT_EQ(frames[2].exchange(), 3u);
}

TEST(LaneSet, MuchToWriteThenBatchesStayWithinTheirLimits) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  for (uint64_t id = 1; id <= 3000; ++id) rig.Submit(id);
  for (uint64_t id = 3001; id <= 3010; ++id) rig.Submit(id, v1::PUT, std::string(200000, 'x'));
  rig.Pump();
  for (int i = 0; i < 100; ++i) rig.Written(lane);
  EXPECT_EQ(rig.streams.at(lane).Requests().size(), 3010u);
  for (const auto& batch : rig.streams.at(lane).batches) {
    EXPECT_LE(batch.frames_size(), static_cast<int>(kBatchFramesMax));
    EXPECT_LT(batch.ByteSizeLong(), kMessageBytesMax);
  }
}

TEST(LaneSet, AnswerInPiecesThenOneBody) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  rig.Send(1);
  rig.Send(2);
  rig.Written(lane);
  rig.Receive(lane, Rig::Head(1, "one ", true));
  rig.Receive(lane, Rig::Head(2, "other ", true));
  rig.Receive(lane, Rig::Chunk(1, "two ", true));
  rig.Receive(lane, Rig::Chunk(2, "end", false));
  EXPECT_FALSE(rig.Answered(1));
  rig.Receive(lane, Rig::Chunk(1, "three", false));
  EXPECT_EQ(AsText(rig.answers.at(1).body), "one two three");
  EXPECT_EQ(AsText(rig.answers.at(2).body), "other end");
}

TEST(LaneSet, AnswerOverTheLimitThenBadGatewayAndCancel) {
  Config config = OneLane();
  config.answer_bytes_max = 10 * kChunkBytesMax;
  Rig rig(config);
  const LaneId lane = rig.Start().front();
  rig.Send(1);
  rig.Written(lane);
  rig.Receive(lane, Rig::Head(1, "", true));
  const std::string piece(kChunkBytesMax, 'x');
  for (size_t sum = 0; sum < config.answer_bytes_max; sum += piece.size()) {
    EXPECT_FALSE(rig.Answered(1));
    rig.Receive(lane, Rig::Chunk(1, piece, true));
  }
  EXPECT_FALSE(rig.Answered(1));
  rig.Receive(lane, Rig::Chunk(1, "x", false));
  EXPECT_EQ(rig.CodeOf(1), "5.02");
  EXPECT_THAT(rig.streams.at(lane).Cancels(), ElementsAre(1));
  EXPECT_EQ(rig.set.counters().failed_answer_size, 1u);
}

TEST(LaneSet, AnswersTogetherOverTheBudgetThenOneFailsAndItsBytesAreFree) {
  Config config = OneLane();
  config.answers_bytes_max = 100;
  Rig rig(config);
  const LaneId lane = rig.Start().front();
  rig.Send(1);
  rig.Send(2);
  rig.Written(lane);
  rig.Receive(lane, Rig::Head(1, std::string(60, 'x'), true));
  rig.Receive(lane, Rig::Head(2, std::string(60, 'x'), true));
  EXPECT_EQ(rig.CodeOf(2), "5.02");
  rig.Receive(lane, Rig::Chunk(1, std::string(40, 'x'), false));
  EXPECT_EQ(rig.CodeOf(1), "2.05");
  rig.Written(lane);  // The cancel goes out.
  rig.Written(lane);
  rig.Send(3);
  rig.Receive(lane, Rig::Head(3, std::string(100, 'x'), false));
  EXPECT_EQ(rig.CodeOf(3), "2.05");
}

TEST(LaneSet, TranslatorBreaksTheContractThenBadGateway) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  for (uint64_t id = 1; id <= 5; ++id) rig.Submit(id);
  rig.Pump();
  rig.Receive(lane, Rig::Chunk(1, "no head", false));
  rig.Receive(lane, Rig::Head(2, "", true));
  rig.Receive(lane, Rig::Head(2, "", false));
  rig.Receive(lane, Rig::Head(3, "", false, 0x01));
  rig.Receive(lane, Rig::Head(4, "", false, 0x145));
  v1::TranslatorBatch empty;
  empty.add_frames()->set_exchange(5);
  rig.Receive(lane, std::move(empty));
  for (uint64_t id = 1; id <= 5; ++id) {
    EXPECT_EQ(rig.CodeOf(id), "5.02") << id;
    EXPECT_EQ(rig.answer_counts[id], 1) << id;
  }
  EXPECT_EQ(rig.set.counters().failed_bad_answer, 5u);
}

TEST(LaneSet, AnswersNobodyAskedForThenIgnoredAndCounted) {
  Rig rig;
  const auto lanes = rig.Start();
  rig.Send(1);
  const LaneId other = rig.LaneOf(1) == lanes[0] ? lanes[1] : lanes[0];
  rig.Answer(other, 1);
  rig.Answer(other, 99);
  rig.Answer(12345, 1);
  EXPECT_FALSE(rig.Answered(1));
  EXPECT_EQ(rig.set.counters().frames_late, 2u);
}

TEST(LaneSet, ClientGoesAwayBeforeTheRequestIsWrittenThenNothingIsWritten) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  rig.Send(1);
  rig.Send(2);
  rig.Cancel(2);
  rig.Written(lane);
  EXPECT_THAT(rig.streams.at(lane).Requests(), ElementsAre(1));
  EXPECT_THAT(rig.streams.at(lane).Cancels(), IsEmpty());
  EXPECT_FALSE(rig.Answered(2));
}

TEST(LaneSet, ClientGoesAwayAfterTheRequestIsWrittenThenCancelAndNoAnswer) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  rig.Send(1);
  rig.Written(lane);
  rig.Cancel(1);
  EXPECT_THAT(rig.streams.at(lane).Cancels(), ElementsAre(1));
  rig.Answer(lane, 1);
  rig.Cancel(1);
  EXPECT_FALSE(rig.Answered(1));
  EXPECT_EQ(rig.set.counters().cancels, 1u);
}

TEST(LaneSet, ClientGoesAwayAmidItsBodyThenTheRestIsNotWritten) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  rig.Send(1, v1::POST, std::string(1024 * 1024, 'x'));
  const size_t before = rig.streams.at(lane).Frames().size();
  rig.Cancel(1);
  for (int i = 0; i < 5; ++i) rig.Written(lane);
  EXPECT_EQ(rig.streams.at(lane).Frames().size(), before + 1);
  EXPECT_THAT(rig.streams.at(lane).Cancels(), ElementsAre(1));
}

TEST(LaneSet, DeadlineThenGatewayTimeoutAndCancel) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  rig.Send(1, v1::GET, "", 3s);
  rig.Written(lane);
  EXPECT_EQ(rig.set.NextDeadline(), rig.now + 3s);
  rig.Advance(2999ms);
  EXPECT_FALSE(rig.Answered(1));
  rig.Advance(1ms);
  EXPECT_EQ(rig.CodeOf(1), "5.04");
  EXPECT_THAT(rig.streams.at(lane).Cancels(), ElementsAre(1));
  EXPECT_EQ(rig.set.counters().failed_deadline, 1u);
}

TEST(LaneSet, DeadlineAlreadyPassedThenGatewayTimeoutWithNothingWritten) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  rig.Send(1, v1::GET, "", -1ms);
  EXPECT_EQ(rig.CodeOf(1), "5.04");
  EXPECT_THAT(rig.streams.at(lane).Frames(), IsEmpty());
}

TEST(LaneSet, AnswersMadeHereThenTheBodyIsInTheFormOfTheRequest) {
  Rig rig(OneLane());
  rig.Start();
  auto json = MakeStart(1, v1::PUT, rig.now, "{}");
  json.request.set_content_format(50);
  auto asks_cbor = MakeStart(2, v1::PUT, rig.now, "{}");
  asks_cbor.request.set_content_format(50);
  asks_cbor.request.set_accept(60);
  auto asks_json = MakeStart(3, v1::GET, rig.now);
  asks_json.request.set_accept(50);
  auto strings = MakeStart(4, v1::GET, rig.now);
  strings.request.set_key_table(0);
  for (auto* start : {&json, &asks_cbor, &asks_json, &strings}) rig.set.Submit(rig.now, *start);
  rig.Pump();
  EXPECT_EQ(rig.answers.at(1).content_format, 50u);
  EXPECT_EQ(AsText(rig.answers.at(1).body).front(), '{');
  EXPECT_EQ(rig.answers.at(2).content_format, 60u);
  EXPECT_EQ(rig.answers.at(2).body.front(), 0xa2);
  EXPECT_EQ(rig.answers.at(3).content_format, 50u);
  EXPECT_EQ(rig.answers.at(4).content_format, 60u);
  EXPECT_THAT(std::string(AsText(rig.answers.at(4).body)), ::testing::HasSubstr("errcode"));
}

TEST(LaneSet, TooManyExchangesThenServiceUnavailable) {
  Config config = OneLane();
  config.exchanges_max = 2;
  Rig rig(config);
  const LaneId lane = rig.Start().front();
  rig.Send(1);
  rig.Send(2);
  rig.Send(3);
  // Deployed clients know no 5.03; the exact status tells.
  EXPECT_EQ(rig.CodeOf(3), "5.02");
  EXPECT_EQ(rig.answers.at(3).http_status, 503u);
  EXPECT_EQ(rig.set.counters().failed_overload, 1u);
  rig.Answer(lane, 1);
  rig.Send(4);
  EXPECT_FALSE(rig.Answered(4));
}

TEST(LaneSet, TooManyRequestBytesThenServiceUnavailable) {
  Config config = OneLane();
  config.requests_bytes_max = 1000;
  config.codes = coap::CodeSet::kRfc8075;
  Rig rig(config);
  rig.Start();
  rig.Send(1, v1::PUT, std::string(500, 'x'));
  rig.Send(2, v1::PUT, std::string(500, 'x'));
  rig.Send(3, v1::PUT, std::string(300, 'x'));
  EXPECT_FALSE(rig.Answered(1));
  EXPECT_EQ(rig.CodeOf(2), "5.03");
  EXPECT_FALSE(rig.Answered(3));
}

TEST(LaneSet, RequestHeadTooLargeForAFrameThenRefused) {
  Rig rig(OneLane());
  rig.Start();
  auto start = MakeStart(1, v1::GET, rig.now + 5s);
  start.request.add_queries(std::string(kRequestHeadBytesMax, 'q'));
  rig.set.Submit(rig.now, start);
  rig.Pump();
  EXPECT_EQ(rig.CodeOf(1), "4.13");
}

}  // namespace
}  // namespace lowband::edge::uplink
