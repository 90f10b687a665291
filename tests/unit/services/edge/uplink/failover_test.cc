// What becomes of an exchange when its lane dies (reliability rules N2 and N3).
#include <gmock/gmock.h>

#include "services/edge/request/limits.h"
#include "services/edge/uplink/lane_set.h"
#include "tests/unit/services/edge/uplink/rig.h"

namespace lowband::edge::uplink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FailoverByMethod : public ::testing::TestWithParam<v1::Method> {};

using Repeatable = FailoverByMethod;
INSTANTIATE_TEST_SUITE_P(Methods, Repeatable, ::testing::Values(v1::GET, v1::PUT, v1::DELETE));

TEST_P(Repeatable, LaneDiesThenWholeRequestGoesOnceToAnotherLane) {
  Rig rig;
  rig.Start();
  const std::string body(150000, 'x');
  rig.Send(1, GetParam(), body);
  const LaneId first = rig.LaneOf(1);
  rig.Dead(first);
  EXPECT_FALSE(rig.Answered(1));
  rig.Advance(rig.config.resend_delay);
  const LaneId second = rig.LaneOf(1);
  ASSERT_NE(second, first);
  std::string got;
  for (const auto& frame : rig.streams.at(second).Frames()) {
    got += frame.has_request() ? frame.request().body() : frame.body().data();
  }
  EXPECT_EQ(got, body);
  rig.Answer(second, 1);
  EXPECT_EQ(rig.CodeOf(1), "2.05");
  EXPECT_EQ(rig.set.counters().resent, 1u);
}

TEST_P(Repeatable, SecondLaneDiesTooThenOneGatewayTimeout) {
  Config config;
  config.lanes = 3;
  Rig rig(config);
  rig.Start();
  rig.Send(1, GetParam());
  rig.Dead(rig.LaneOf(1));
  rig.Advance(config.resend_delay);
  rig.Dead(rig.LaneOf(1));
  EXPECT_EQ(rig.CodeOf(1), "5.04");
  rig.RunFor(10s);
  EXPECT_EQ(rig.answer_counts[1], 1);
  EXPECT_EQ(rig.set.counters().failed_lane_lost, 1u);
}

TEST_P(Repeatable, LanesDieTogetherThenOneResendSuffices) {
  Config config;
  config.lanes = 3;
  Rig rig(config);
  const auto lanes = rig.Start();
  rig.Send(1, GetParam());
  const LaneId first = rig.LaneOf(1);
  rig.Dead(first);
  rig.Advance(config.resend_delay / 2);
  const LaneId other = lanes[0] == first ? lanes[1] : lanes[0];
  rig.Dead(other);
  rig.Advance(config.resend_delay);
  const LaneId second = rig.LaneOf(1);
  EXPECT_NE(second, first);
  EXPECT_NE(second, other);
  rig.Answer(second, 1);
  EXPECT_EQ(rig.CodeOf(1), "2.05");
}

// Its other lanes are lost soon after, and a second lane is all that a request gets.
TEST_P(Repeatable, LaneDiesThenItGoesToAnotherReplica) {
  Config config;
  config.lanes = 3;
  Rig rig(config);
  rig.Advance(0s);
  const std::vector<LaneId> lanes = rig.asked;
  ASSERT_EQ(lanes.size(), 3u);
  rig.Opened(lanes[0], "hangs");
  rig.Send(1, GetParam());
  ASSERT_EQ(rig.LaneOf(1), lanes[0]);
  rig.Opened(lanes[1], "hangs");
  rig.Opened(lanes[2], "lives");
  rig.Dead(lanes[0]);
  rig.Advance(config.resend_delay);
  ASSERT_EQ(rig.LaneOf(1), lanes[2]);
  rig.Answer(lanes[2], 1);
  EXPECT_EQ(rig.CodeOf(1), "2.05");
}

// It may have been started anew.
TEST_P(Repeatable, NoOtherReplicaIsThereThenItGoesToTheSame) {
  Rig rig;
  rig.Advance(0s);
  const std::vector<LaneId> lanes = rig.asked;
  rig.Opened(lanes[0], "only");
  rig.Send(1, GetParam());
  rig.Opened(lanes[1], "only");
  rig.Dead(lanes[0]);
  rig.Advance(rig.config.resend_delay);
  EXPECT_EQ(rig.LaneOf(1), lanes[1]);
}

// A FETCH is a POST at the homeserver, but one that continues an observation only asks.
TEST(Failover, FurtherPollOfAnObservedFetchThenRepeatedAndTheFirstIsNot) {
  for (const char* cursor : {"", "c1"}) {
    Config config;
    config.lanes = 2;
    Rig rig(config);
    rig.Start();
    request::StartExchange start = MakeStart(1, v1::FETCH, rig.now + 30s, "body");
    start.request.mutable_observe()->set_cursor(cursor);
    rig.set.Submit(rig.now, std::move(start));
    rig.Pump();
    rig.Dead(rig.LaneOf(1));
    rig.Advance(config.resend_delay);
    if (*cursor == 0) {
      EXPECT_EQ(rig.CodeOf(1), "5.04");
      continue;
    }
    rig.Answer(rig.LaneOf(1), 1);
    EXPECT_EQ(rig.CodeOf(1), "2.05");
  }
}

using NotRepeatable = FailoverByMethod;
INSTANTIATE_TEST_SUITE_P(Methods, NotRepeatable, ::testing::Values(v1::POST, v1::FETCH));

TEST_P(NotRepeatable, LaneDiesAfterItWasWrittenThenOneGatewayTimeout) {
  Rig rig;
  rig.Start();
  rig.Send(1, GetParam(), "body");
  rig.Dead(rig.LaneOf(1));
  EXPECT_EQ(rig.CodeOf(1), "5.04");
  rig.RunFor(10s);
  EXPECT_EQ(rig.answer_counts[1], 1);
  size_t written = 0;
  for (const auto& [lane, stream] : rig.streams) written += stream.Requests().size();
  EXPECT_EQ(written, 1u);
}

TEST_P(NotRepeatable, LaneDiesAmidItsBodyThenOneGatewayTimeout) {
  Rig rig;
  rig.Start();
  rig.Send(1, GetParam(), std::string(1024 * 1024, 'x'));
  rig.Dead(rig.LaneOf(1));
  EXPECT_EQ(rig.CodeOf(1), "5.04");
}

TEST_P(NotRepeatable, LaneDiesBeforeAnyOfItWasWrittenThenItGoesToAnotherLane) {
  Config config;
  config.lanes = 1;
  Rig rig(config);
  const LaneId first = rig.Start().front();
  rig.Send(1);
  rig.Send(2, GetParam(), "body");
  EXPECT_THAT(rig.streams.at(first).Requests(), ElementsAre(1));
  rig.Dead(first);
  rig.RunFor(config.reopen_delay_min);
  const LaneId second = rig.streams.rbegin()->first;
  rig.Opened(second);
  EXPECT_THAT(rig.streams.at(second).Requests(), ::testing::UnorderedElementsAre(1, 2));
  rig.Answer(second, 2);
  EXPECT_EQ(rig.CodeOf(2), "2.05");
}

TEST(Failover, NotBegunAndManyLanesDieThenItMovesAsOftenAsItTakes) {
  Config config;
  config.lanes = 1;
  Rig rig(config);
  rig.Start();
  rig.Send(1, v1::GET, "", 300s);
  rig.Send(2, v1::POST, "body", 300s);
  rig.Dead(rig.LaneOf(1));
  for (int round = 0; round < 5; ++round) {
    rig.RunFor(config.reopen_delay_max);
    // Opened, and dead before the owner took an action.
    const LaneId next = rig.streams.rbegin()->first;
    rig.set.Handle(rig.now, LaneOpened{next, ""});
    rig.set.Handle(rig.now, LaneDead{next});
    rig.Pump();
  }
  EXPECT_EQ(rig.LaneOf(2), 0u);
  EXPECT_FALSE(rig.Answered(2));
}

TEST(Failover, PartOfTheAnswerHadComeThenTheSecondAnswerStandsAlone) {
  Rig rig;
  rig.Start();
  rig.Send(1);
  rig.Receive(rig.LaneOf(1), Rig::Head(1, "half of the first", true));
  rig.Dead(rig.LaneOf(1));
  rig.Advance(rig.config.resend_delay);
  rig.Receive(rig.LaneOf(1), Rig::Head(1, "whole", false));
  EXPECT_EQ(AsText(rig.answers.at(1).body), "whole");
}

void SendPoll(Rig& rig, uint64_t id) {
  auto start = MakeStart(id, v1::GET, rig.now + 200s);
  start.request.mutable_observe()->set_cursor("c");
  rig.set.Submit(rig.now, std::move(start));
}

/// Requests written on any lane since the last call.
size_t Written(Rig& rig, size_t& before) {
  size_t all = 0;
  for (const auto& [lane, stream] : rig.streams) {
    for (const auto& batch : stream.batches) {
      for (const auto& frame : batch.frames()) all += frame.has_request() ? 1 : 0;
    }
  }
  return all - std::exchange(before, all);
}

/// Every lane is ready to be written again as soon as it has been.
void RunStep(Rig& rig, Duration step) {
  rig.RunFor(step);
  for (const auto& [lane, stream] : rig.streams) rig.Written(lane);
}

TEST(Failover, LaneDiesWithManyPollsThenTheyComeBackOneAfterTheOtherAndOthersAtOnce) {
  Rig rig;
  rig.Start();
  for (uint64_t id = 1; id <= 8000; ++id) SendPoll(rig, id);
  rig.Submit(9001, v1::GET, "", 200s);
  rig.Submit(9002, v1::GET, "", 200s);
  for (int i = 0; i < 200; ++i) RunStep(rig, 0s);
  size_t before = 0;
  EXPECT_EQ(Written(rig, before), 8002u);
  const LaneId dead = rig.LaneOf(9001);
  const size_t on_the_dead = rig.streams.at(dead).Requests().size();
  rig.Dead(dead);
  RunStep(rig, rig.config.resend_delay);
  EXPECT_NE(rig.LaneOf(9001), dead);
  size_t polls = Written(rig, before);
  EXPECT_LE(polls, 3u);
  size_t steps = 0;
  for (; polls < 4000 && steps < 1000; ++steps) {
    RunStep(rig, 10ms);
    const size_t now = Written(rig, before);
    EXPECT_LE(now, 11u);
    polls += now;
  }
  EXPECT_NEAR(static_cast<double>(steps), 400, 10) << "a thousand a second";
  EXPECT_EQ(rig.streams.at(dead).Requests().size(), on_the_dead);
}

TEST(Failover, VeryManyPollsThenAllAreBackWithinTheTimeThatThereIs) {
  Config config;
  config.poll_resend_time_max = 500ms;
  Rig rig(config);
  rig.Start();
  for (uint64_t id = 1; id <= 4000; ++id) SendPoll(rig, id);
  for (int i = 0; i < 100; ++i) RunStep(rig, 0s);
  size_t before = 0;
  EXPECT_EQ(Written(rig, before), 4000u);
  rig.Dead(rig.LaneOf(1));
  size_t polls = 0;
  for (Duration past{}; past <= rig.config.poll_resend_time_max + 100ms; past += 10ms) {
    RunStep(rig, 10ms);
    const size_t now = Written(rig, before);
    EXPECT_LE(now, 41u);
    polls += now;
  }
  EXPECT_EQ(polls, 2000u);
}

TEST(Failover, EveryLaneDiesThenThePollsThatWaitedComeBackOneAfterTheOtherToo) {
  Config config;
  config.lanes = 1;
  Rig rig(config);
  rig.Start();
  for (uint64_t id = 1; id <= 1000; ++id) SendPoll(rig, id);
  for (int i = 0; i < 50; ++i) RunStep(rig, 0s);
  size_t before = 0;
  EXPECT_EQ(Written(rig, before), 1000u);
  rig.Dead(rig.LaneOf(1));
  rig.RunFor(1500ms);
  rig.Submit(2000);
  rig.Opened(rig.streams.rbegin()->first);
  size_t most = 0;
  size_t all = 0;
  for (int i = 0; i < 300; ++i) {
    RunStep(rig, 10ms);
    const size_t now = Written(rig, before);
    most = std::max(most, now);
    all += now;
  }
  EXPECT_LE(most, 21u);
  EXPECT_EQ(all, 1001u);
}

TEST(Failover, WaitsForLongThenTakenForAPoll) {
  Rig rig;
  rig.Start();
  for (uint64_t id = 1; id <= 8; ++id) rig.Send(id, v1::GET, "", 200s);
  for (int i = 0; i < 5; ++i) RunStep(rig, 0s);
  rig.RunFor(request::kPollAge);
  rig.Dead(rig.LaneOf(1));
  size_t before = 0;
  Written(rig, before);
  RunStep(rig, rig.config.resend_delay);
  EXPECT_EQ(Written(rig, before), 1u);
  RunStep(rig, 10ms);
  EXPECT_EQ(Written(rig, before), 3u);
}

TEST(Failover, NoLaneOpensThenServiceUnavailableAfterTheShortWait) {
  Rig rig;
  rig.Advance(0s);
  rig.Send(1, v1::POST);
  rig.RunFor(rig.config.no_translator_timeout - 1ms);
  EXPECT_FALSE(rig.Answered(1));
  rig.RunFor(1ms);
  EXPECT_EQ(rig.answers.at(1).http_status, 503u);
  EXPECT_EQ(rig.set.counters().failed_no_translator, 1u);
}

TEST(Failover, NoLaneOpensAndTheDeadlineIsNearerThenGatewayTimeout) {
  Rig rig;
  rig.Advance(0s);
  rig.Send(1, v1::GET, "", 500ms);
  rig.RunFor(500ms);
  EXPECT_EQ(rig.CodeOf(1), "5.04");
  EXPECT_FALSE(rig.answers.at(1).http_status);
}

TEST(Failover, BegunOnceAndNoSecondLaneOpensThenGatewayTimeout) {
  Config config;
  config.lanes = 1;
  Rig rig(config);
  rig.Start();
  rig.Send(1, v1::PUT);
  rig.Dead(rig.LaneOf(1));
  rig.RunFor(config.resend_delay + config.no_translator_timeout);
  EXPECT_EQ(rig.CodeOf(1), "5.04");
  EXPECT_EQ(rig.set.counters().failed_lane_lost, 1u);
}

TEST(Failover, LaneOpensInTimeThenWaitingRequestsGoInOrderWithTheirFullDeadline) {
  Config config;
  config.lanes = 1;
  Rig rig(config);
  rig.Advance(0s);
  const LaneId lane = rig.asked.front();
  for (uint64_t id = 1; id <= 5; ++id) rig.Submit(id, v1::POST, "", 10s);
  rig.Cancel(3);
  rig.Advance(1s);
  rig.Opened(lane);
  EXPECT_THAT(rig.streams.at(lane).Requests(), ElementsAre(1, 2, 4, 5));
  rig.RunFor(8s);
  EXPECT_TRUE(rig.answers.empty()) << "the short wait no longer counts";
  rig.RunFor(1s);
  EXPECT_EQ(rig.answers.size(), 4u);
}

TEST(Failover, CancelledWhileItWaitsForItsResendThenNothingMoreHappens) {
  Rig rig;
  rig.Start();
  rig.Send(1);
  const LaneId first = rig.LaneOf(1);
  rig.Dead(first);
  rig.Cancel(1);
  rig.RunFor(1s);
  EXPECT_EQ(rig.LaneOf(1), first);
  EXPECT_FALSE(rig.Answered(1));
  EXPECT_EQ(rig.set.exchanges_in_flight(), 0u);
}

TEST(Failover, ManyGiveUpWaitingThenTheirPlacesInTheQueueAreFreed) {
  Config config;
  config.exchanges_max = 100;
  Rig rig(config);
  rig.Advance(0s);
  for (uint64_t id = 1; id <= 100000; ++id) {
    rig.Submit(id);
    rig.set.Submit(rig.now, request::CancelExchange{id});
  }
  rig.Send(200000);
  EXPECT_FALSE(rig.Answered(200000));
  EXPECT_EQ(rig.set.exchanges_in_flight(), 1u);
}

}  // namespace
}  // namespace lowband::edge::uplink
