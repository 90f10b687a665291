#include "services/edge/fallback/lane_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lowband::edge::fallback {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LaneCallsTest : public ::testing::Test {
 protected:
  LaneCalls::Id Start(uint64_t connection, size_t window = 100) {
    v1::RelayRequest request;
    request.set_method("GET");
    return calls_.Start(std::move(request), window, {queue_, connection});
  }
  /// A transfer whose request was written.
  LaneCalls::Id Started(uint64_t connection, size_t window = 100) {
    const LaneCalls::Id id = Start(connection, window);
    Written();
    return id;
  }
  /// One that the translator has taken.
  LaneCalls::Id Taken(uint64_t connection, uint64_t body_window = 0) {
    const LaneCalls::Id id = Started(connection);
    Hear(id).mutable_taken()->set_window(body_window);
    Come();
    EXPECT_EQ(News(id), "opened written");
    return id;
  }

  /// Whatever is written now, in short: "1:start:100 2:data:abc".
  std::string Written() {
    std::string said;
    while (calls_.HasOutput()) {
      v1::RelayEdgeBatch batch;
      calls_.Fill(batch);
      for (const v1::RelayEdgeFrame& frame : batch.frames()) {
        said += (said.empty() ? "" : " ") + std::to_string(frame.relay()) + ":" + Text(frame);
      }
      calls_.OnWritten();
    }
    return said;
  }
  /// A frame that comes with the next Come().
  v1::RelayTranslatorFrame& Hear(LaneCalls::Id id) {
    v1::RelayTranslatorFrame& frame = *batch_.add_frames();
    frame.set_relay(id);
    return frame;
  }
  void Come() {
    calls_.Take(batch_);
    batch_ = {};
  }
  std::string News(LaneCalls::Id id) {
    std::string news;
    calls_.Drain(id, events_);
    for (const CallEvent& event : events_) news += (news.empty() ? "" : " ") + Text(event);
    return news;
  }
  std::vector<uint64_t> Woken() {
    std::vector<uint64_t> woken;
    queue_->Drain(woken);
    return woken;
  }

  LaneCalls calls_;

 private:
  static std::string Text(const v1::RelayEdgeFrame& frame) {
    switch (frame.kind_case()) {
      case v1::RelayEdgeFrame::kStart: return "start:" + std::to_string(frame.start().window());
      case v1::RelayEdgeFrame::kData: return "data:" + frame.data();
      case v1::RelayEdgeFrame::kEnd: return "end";
      case v1::RelayEdgeFrame::kCredit: return "credit:" + std::to_string(frame.credit().until());
      case v1::RelayEdgeFrame::kCancel: return "cancel";
      case v1::RelayEdgeFrame::KIND_NOT_SET: break;
    }
    return "nothing";
  }
  static std::string Text(const CallEvent& event) {
    if (std::holds_alternative<CallOpened>(event)) return "opened";
    if (std::holds_alternative<CallWritten>(event)) return "written";
    if (const auto* ended = std::get_if<CallEnded>(&event)) {
      return "ended:" + std::to_string(static_cast<int>(ended->end));
    }
    const v1::RelayChunk& chunk = *std::get<CallReceived>(event).chunk;
    if (chunk.has_proceed()) return "proceed";
    if (chunk.has_response()) return "head:" + std::to_string(chunk.response().status());
    return "data:" + chunk.data();
  }

  std::shared_ptr<WakeQueue> queue_ = std::make_shared<WakeQueue>();
  v1::RelayTranslatorBatch batch_;
  std::vector<CallEvent> events_;
};

constexpr const char* kServed = "ended:0";
constexpr const char* kNotTaken = "ended:1";
constexpr const char* kBroken = "ended:3";

TEST_F(LaneCallsTest, AnswerThenItsConnectionIsWokenOnceAndHasItAll) {
  const auto one = Start(10);
  const auto other = Start(20);
  EXPECT_EQ(Written(), "1:start:100 2:start:100");
  EXPECT_THAT(Woken(), IsEmpty());
  Hear(one).mutable_taken();
  Hear(one).mutable_proceed();
  Hear(one).mutable_response()->set_status(200);
  Hear(one).set_data("abc");
  Hear(one).set_data("def");
  Come();
  Hear(one).mutable_ended()->set_outcome(v1::RelayEnded::WHOLE);
  Come();
  EXPECT_THAT(Woken(), ElementsAre(10));
  EXPECT_EQ(News(one), std::string("opened written proceed head:200 data:abcdef ") + kServed);
  EXPECT_EQ(News(one), "");
  EXPECT_EQ(News(other), "");
  calls_.Leave(one);
  EXPECT_EQ(Written(), "") << "it has ended: nobody has to be told";
  EXPECT_EQ(calls_.size(), 1u);
  EXPECT_FALSE(calls_.idle());
}

TEST_F(LaneCallsTest, ConnectionLeavesThenTheTranslatorIsTold) {
  const auto one = Taken(10);
  calls_.Leave(one);
  EXPECT_FALSE(calls_.idle()) << "until it is told";
  Hear(one).set_data("late");
  Come();
  EXPECT_EQ(Written(), "1:cancel");
  EXPECT_EQ(calls_.size(), 0u);
  const auto unsent = Start(20);
  calls_.Leave(unsent);
  EXPECT_EQ(Written(), "") << "nobody has heard of it";
  EXPECT_EQ(calls_.size(), 0u);
  EXPECT_TRUE(calls_.idle());
}

TEST_F(LaneCallsTest, BodyThenItGoesAsFarAsThereIsCredit) {
  const auto id = Taken(10, 4);
  Woken();
  calls_.Write(id, "abcdef");
  EXPECT_EQ(Written(), "1:data:abcd");
  EXPECT_THAT(Woken(), IsEmpty()) << "the rest is still here";
  Hear(id).mutable_credit()->set_until(10);
  Come();
  EXPECT_EQ(Written(), "1:data:ef");
  EXPECT_THAT(Woken(), ElementsAre(10));
  EXPECT_EQ(News(id), "written");
  calls_.Write(id, "gh");
  calls_.EndBody(id);
  EXPECT_EQ(Written(), "1:data:gh 1:end");
}

TEST_F(LaneCallsTest, ManyHaveABodyThenEachInTurnAPiece) {
  const auto one = Taken(10, 100);
  const auto other = Taken(20, 100);
  calls_.Write(one, "a");
  calls_.Write(other, "b");
  calls_.EndBody(one);
  EXPECT_EQ(Written(), "1:data:a 1:end 2:data:b");
}

TEST_F(LaneCallsTest, CreditForTheAnswerThenItIsToldOnce) {
  const auto id = Taken(10);
  calls_.GiveCredit(id, 150);
  calls_.GiveCredit(id, 140);
  EXPECT_EQ(Written(), "1:credit:150");
  EXPECT_EQ(Written(), "");
  Hear(id).set_data(std::string(150, 'x'));
  Come();
  EXPECT_EQ(News(id).size(), std::string("data:").size() + 150);
}

TEST_F(LaneCallsTest, MoreThanTheCreditThenItIsBrokenAndTheTranslatorIsTold) {
  const auto id = Taken(10);
  Hear(id).mutable_response()->set_status(200);
  Hear(id).set_data(std::string(101, 'x'));
  Hear(id).set_data("and more");
  Come();
  EXPECT_EQ(News(id), std::string("head:200 ") + kBroken);
  EXPECT_TRUE(calls_.idle());
  calls_.Leave(id);
  EXPECT_FALSE(calls_.idle());
  EXPECT_EQ(Written(), "1:cancel");
  EXPECT_TRUE(calls_.idle());
}

TEST_F(LaneCallsTest, TranslatorRefusesThenTheCauseIsTold) {
  const auto id = Started(10);
  Hear(id).mutable_ended()->set_outcome(v1::RelayEnded::NOT_TAKEN);
  Come();
  EXPECT_EQ(News(id), kNotTaken);
}

TEST_F(LaneCallsTest, LaneEndsThenAllThatGoOnEndWithIt) {
  const auto served = Taken(10);
  const auto waiting = Taken(20);
  const auto left = Taken(30);
  Hear(served).mutable_ended()->set_outcome(v1::RelayEnded::WHOLE);
  Come();
  calls_.Leave(left);
  Woken();
  calls_.End(CallEnd::kBroken);
  EXPECT_THAT(Woken(), ElementsAre(20));
  EXPECT_EQ(News(served), kServed);
  EXPECT_EQ(News(waiting), kBroken);
  EXPECT_EQ(calls_.size(), 2u);
  EXPECT_TRUE(calls_.idle());
}

}  // namespace
}  // namespace lowband::edge::fallback
