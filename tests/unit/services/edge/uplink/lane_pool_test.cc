// The life of lanes: opening, recycling, draining, loss and reopening, stopping.
#include "services/edge/uplink/lane_pool.h"

#include <gmock/gmock.h>

#include "services/edge/uplink/limits.h"
#include "tests/unit/services/edge/uplink/rig.h"

namespace lowband::edge::uplink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Config OneLane() {
  Config config;
  config.lanes = 1;
  return config;
}

TEST(LanePool, LifeOverThenTheSuccessorOpensBeforeTheOldOneDrains) {
  Rig rig(OneLane());
  const LaneId old = rig.Start().front();
  rig.Send(1, v1::GET, "", 300s);
  rig.Written(old);
  const auto expiry = rig.set.NextDeadline();
  ASSERT_TRUE(expiry);
  EXPECT_GE(*expiry, rig.now + rig.config.lane_life_min);
  EXPECT_LE(*expiry, rig.now + rig.config.lane_life_max);
  rig.Advance(*expiry - rig.now);
  ASSERT_THAT(rig.asked, SizeIs(1));
  const LaneId successor = rig.asked.front();

  rig.Send(2, v1::GET, "", 300s);
  EXPECT_EQ(rig.LaneOf(2), old);
  rig.Written(old);
  rig.Opened(successor);
  EXPECT_FALSE(rig.streams.at(old).finished);
  rig.Send(3);
  EXPECT_EQ(rig.LaneOf(3), successor);

  rig.Answer(old, 1);
  EXPECT_FALSE(rig.streams.at(old).finished);
  rig.Answer(old, 2);
  EXPECT_TRUE(rig.streams.at(old).finished);
  rig.Dead(old);
  EXPECT_TRUE(rig.set.ready());
  EXPECT_EQ(rig.set.counters().lanes_recycled, 1u);
  EXPECT_EQ(rig.set.counters().lanes_lost, 0u);
  EXPECT_THAT(rig.asked, IsEmpty());
}

TEST(LanePool, SuccessorCannotOpenThenTheOldLaneServesOn) {
  Rig rig(OneLane());
  const LaneId old = rig.Start().front();
  rig.Advance(61s);
  for (int i = 0; i < 10; ++i) {
    for (const LaneId lane : std::vector(rig.asked)) rig.Dead(lane);
    rig.Advance(1s);
  }
  rig.Send(1);
  EXPECT_EQ(rig.LaneOf(1), old);
  EXPECT_FALSE(rig.streams.at(old).finished);
}

TEST(LanePool, ManyLanesThenTheyDoNotExpireTogether) {
  Config config;
  config.lanes = 16;
  Rig rig(config);
  rig.Start();
  size_t most = 0;
  for (int i = 0; i < 61; ++i) {
    rig.Advance(1s);
    const std::vector<LaneId> asked = rig.asked;
    most = std::max(most, asked.size());
    for (const LaneId lane : asked) rig.Opened(lane);
  }
  EXPECT_EQ(rig.streams.size(), 32u);
  EXPECT_LE(most, 5u);
}

TEST(LanePool, TranslatorDrainsThenASuccessorIsOpenedAtOnceAndTheOldFinishesWhatItHas) {
  Rig rig(OneLane());
  const LaneId old = rig.Start().front();
  rig.Advance(10s);
  rig.Send(1, v1::POST);
  rig.Send(2, v1::POST);  // Waits for the write under way.
  rig.Drain(old);
  ASSERT_THAT(rig.asked, SizeIs(1));
  const LaneId successor = rig.asked.front();
  rig.Written(old);
  EXPECT_THAT(rig.streams.at(old).Requests(), ElementsAre(1)) << "nothing new after draining";
  rig.Opened(successor);
  EXPECT_EQ(rig.LaneOf(2), successor);
  rig.Answer(old, 1);
  EXPECT_TRUE(rig.streams.at(old).finished);
  EXPECT_EQ(rig.CodeOf(1), "2.05");
  EXPECT_EQ(rig.set.counters().lanes_drained, 1u);
}

TEST(LanePool, DrainingAmidABodyThenTheBodyIsFinishedOnThatLane) {
  Rig rig(OneLane());
  const LaneId old = rig.Start().front();
  rig.Send(1, v1::POST, std::string(1024 * 1024, 'x'));
  rig.Drain(old);
  for (int i = 0; i < 5; ++i) rig.Written(old);
  size_t bytes = 0;
  for (const auto& frame : rig.streams.at(old).Frames()) {
    bytes += frame.has_request() ? frame.request().body().size() : frame.body().data().size();
  }
  EXPECT_EQ(bytes, 1024u * 1024);
  EXPECT_FALSE(rig.streams.at(old).finished);
  rig.Answer(old, 1);
  EXPECT_TRUE(rig.streams.at(old).finished);
}

TEST(LanePool, LanesDrainAsSoonAsTheyOpenThenTheDelayGrows) {
  Rig rig(OneLane());
  rig.Start();
  size_t opened = 0;
  LaneId last = rig.streams.rbegin()->first;
  for (int i = 0; i < 1000; ++i) {
    rig.Drain(last);
    rig.Dead(last);
    rig.Advance(10ms);
    for (const LaneId lane : std::vector(rig.asked)) {
      ++opened;
      last = lane;
      rig.Opened(lane);
    }
  }
  EXPECT_GE(opened, 10u);
  EXPECT_LE(opened, 30u);
}

TEST(LanePool, LostThenReopenedAfterADelayThatDoublesUpToItsMaximum) {
  Rig rig(OneLane());
  rig.Advance(0s);
  Duration floor = rig.config.reopen_delay_min / 2;
  Duration ceiling = rig.config.reopen_delay_min;
  for (int i = 0; i < 8; ++i) {
    ASSERT_THAT(rig.asked, SizeIs(1)) << i;
    rig.Dead(rig.asked.front());
    const auto next = rig.set.NextDeadline();
    ASSERT_TRUE(next);
    EXPECT_GE(*next - rig.now, floor);
    EXPECT_LE(*next - rig.now, ceiling);
    rig.Advance(*next - rig.now - 1ns);
    EXPECT_THAT(rig.asked, IsEmpty());
    rig.Advance(1ns);
    floor = std::min(2 * floor, rig.config.reopen_delay_max / 2);
    ceiling = std::min(2 * ceiling, rig.config.reopen_delay_max);
  }
}

TEST(LanePool, LanesLostTogetherThenCountedAsOneFailure) {
  Config config;
  config.lanes = 8;
  Rig rig(config);
  const auto lanes = rig.Start();
  rig.Advance(5s);
  for (const LaneId lane : lanes) rig.Dead(lane);
  EXPECT_LE(*rig.set.NextDeadline() - rig.now, config.reopen_delay_min);
  rig.Advance(config.reopen_delay_min);
  EXPECT_THAT(rig.asked, SizeIs(8));
}

TEST(LanePool, LostAfterALongLifeThenTheDelayStartsAtItsMinimum) {
  Rig rig(OneLane());
  rig.Advance(0s);
  for (int i = 0; i < 10; ++i) {
    for (const LaneId lane : std::vector(rig.asked)) rig.Dead(lane);
    rig.Advance(1s);
  }
  rig.Opened(rig.asked.front());
  const LaneId lane = rig.streams.rbegin()->first;
  rig.Advance(20s);
  rig.Dead(lane);
  EXPECT_LE(*rig.set.NextDeadline() - rig.now, rig.config.reopen_delay_min);
}

TEST(LanePool, StreamNeverOpensThenGivenUp) {
  Rig rig(OneLane());
  rig.Advance(0s);
  const LaneId silent = rig.asked.front();
  rig.Advance(kOpenTimeout);
  EXPECT_TRUE(rig.streams.at(silent).aborted);
  rig.Opened(silent);
  EXPECT_FALSE(rig.set.ready());
  rig.Advance(rig.config.reopen_delay_min);
  EXPECT_THAT(rig.asked, SizeIs(1));
}

TEST(LanePool, HalfClosedStreamNeverEndsThenCutOff) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  rig.Drain(lane);
  EXPECT_TRUE(rig.streams.at(lane).finished);
  rig.RunFor(kFinishTimeout);
  EXPECT_TRUE(rig.streams.at(lane).aborted);
}

TEST(LanePool, CancelStillToBeWrittenThenItIsWrittenBeforeTheHalfClose) {
  Rig rig(OneLane());
  const LaneId lane = rig.Start().front();
  rig.Send(1);
  rig.Cancel(1);
  rig.Drain(lane);
  EXPECT_FALSE(rig.streams.at(lane).finished);
  rig.Written(lane);
  EXPECT_THAT(rig.streams.at(lane).Cancels(), ElementsAre(1));
  EXPECT_FALSE(rig.streams.at(lane).finished);
  rig.Written(lane);
  EXPECT_TRUE(rig.streams.at(lane).finished);
}

TEST(LanePool, StopThenLanesFinishAsTheyFallIdleAndNoneIsOpened) {
  Rig rig;
  const auto lanes = rig.Start();
  rig.Send(1);
  const LaneId busy = rig.LaneOf(1);
  const LaneId idle = busy == lanes[0] ? lanes[1] : lanes[0];
  rig.set.Stop(rig.now);
  rig.Pump();
  EXPECT_TRUE(rig.streams.at(idle).finished);
  EXPECT_FALSE(rig.streams.at(busy).finished);
  rig.Written(busy);
  rig.Send(2);
  EXPECT_EQ(rig.LaneOf(2), busy);
  rig.Written(busy);
  rig.Answer(busy, 1);
  rig.Answer(busy, 2);
  EXPECT_TRUE(rig.streams.at(busy).finished);
  EXPECT_FALSE(rig.set.stopped());
  rig.Dead(idle);
  rig.Dead(busy);
  EXPECT_TRUE(rig.set.stopped());
  rig.RunFor(100s);
  EXPECT_EQ(rig.streams.size(), 2u);
}

TEST(LanePool, StopWithRequestsWaitingForALaneThenTheOpeningLaneStillServesThem) {
  Rig rig(OneLane());
  rig.Advance(0s);
  const LaneId lane = rig.asked.front();
  rig.Send(1);
  rig.set.Stop(rig.now);
  rig.Pump();
  EXPECT_FALSE(rig.streams.at(lane).aborted);
  rig.Opened(lane);
  EXPECT_EQ(rig.LaneOf(1), lane);
  rig.Written(lane);
  rig.Answer(lane, 1);
  EXPECT_EQ(rig.CodeOf(1), "2.05");
  EXPECT_TRUE(rig.streams.at(lane).finished);
}

TEST(LanePool, StopAndTheLastLaneDiesThenWaitingRequestsAreAnsweredAtOnce) {
  Rig rig(OneLane());
  rig.Advance(0s);
  rig.Send(1);
  rig.set.Stop(rig.now);
  rig.Dead(rig.streams.begin()->first);
  EXPECT_EQ(rig.answers.at(1).http_status, 503u);
  rig.Send(2);
  EXPECT_EQ(rig.answers.at(2).http_status, 503u);
  EXPECT_EQ(rig.set.exchanges_in_flight(), 0u);
}

TEST(LanePool, LanesOpenOutOfTheirOrderThenTheSpareOneLooksSoonAllTheSame) {
  Rig rig;
  rig.Advance(0s);
  const std::vector<LaneId> asked = rig.asked;
  ASSERT_EQ(asked.size(), 2U);
  rig.Opened(asked[1], "a");
  ASSERT_EQ(rig.asked.size(), 1U);
  rig.Opened(rig.asked.front(), "a");
  rig.Opened(asked[0], "a");
  EXPECT_EQ(rig.streams.size(), 3U);
  rig.RunFor(rig.config.probe_delay_min);
  EXPECT_EQ(rig.streams.size(), 4U);
}

}  // namespace
}  // namespace lowband::edge::uplink
