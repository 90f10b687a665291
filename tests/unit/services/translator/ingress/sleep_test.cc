// A translator that was stopped, or got no CPU, for longer than edges wait.
#include <gtest/gtest.h>

#include "services/translator/ingress/limits.h"
#include "tests/unit/services/translator/ingress/server_rig.h"

namespace lowband::translator::ingress {
namespace {

TEST_F(IngressServer, SleptThenItsLanesEndAndWhatTheyBroughtMeanwhileIsNotBegun) {
  Start();
  HandWrittenLane quiet(channel_);
  quiet.Ask(1);
  lane_->Ask(2);
  handler_.WaitFor(1);
  handler_.WaitFor(2);
  server_->Tick(std::chrono::steady_clock::now() - kSleepMin);  // the last one before its sleep
  lane_->Ask(3);
  EXPECT_EQ(lane_->Read().frames_size(), 0) << "the stream has ended";
  server_->Tick(std::chrono::steady_clock::now());
  EXPECT_TRUE(handler_.WaitForCancel(1) && handler_.WaitForCancel(2));
  EXPECT_EQ(quiet.Read().frames_size(), 0);
  EXPECT_EQ(server_->counters().lanes_slept, 2u);
  HandWrittenLane next(channel_);
  next.Ask(4);
  handler_.WaitFor(4);
  EXPECT_EQ(handler_.count(), 3u);
}

TEST_F(IngressServer, SleptThenAnAnswerIsGivenAndAFailureEndsTheLane) {
  Start();
  for (const uint64_t exchange : {1, 2, 3}) lane_->Ask(exchange);
  const auto answered = handler_.WaitFor(1);
  const auto failed = handler_.WaitFor(2);
  handler_.WaitFor(3);
  server_->Tick(std::chrono::steady_clock::now() - kSleepMin);  // nobody has ticked since
  answered.respond(Text("answer"));
  ASSERT_EQ(lane_->Read().frames_size(), 1);
  ExchangeAnswer failure = Text("no connection");
  failure.head.set_code(kBadGateway);
  failed.respond(failure);
  EXPECT_EQ(lane_->Read().frames_size(), 0) << "the stream has ended";
  EXPECT_TRUE(handler_.WaitForCancel(3));
}

TEST_F(IngressServer, AwakeThenAFailureIsAnAnswer) {
  Start();
  lane_->Ask(1);
  ExchangeAnswer failure = Text("no connection");
  failure.head.set_code(kBadGateway);
  handler_.WaitFor(1).respond(failure);
  EXPECT_EQ(lane_->Read().frames_size(), 1);
}

}  // namespace
}  // namespace lowband::translator::ingress
