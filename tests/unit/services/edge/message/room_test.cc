// Layer: who has a CON under way when not all can.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "services/edge/message/counters.h"
#include "services/edge/message/layer.h"
#include "services/edge/message/limits.h"

namespace lowband::edge::message {
namespace {

using admission::Network;
using std::chrono::seconds;

constexpr Network kMany{1};
constexpr Network kFew{2};
// Of kMany; and of kFew.
constexpr SessionId kCrowd{1};
constexpr SessionId kCrowdToo{2};
constexpr SessionId kHonest{3};

Bytes ConGet(uint16_t id) {
  return coap::MessageWriter(coap::Type::kConfirmable, coap::kGet, id, coap::Token(AsBytes("t")))
      .Option(coap::OptionNumber::kUriPath, AsBytes("a"))
      .Finish();
}
Bytes Response() {
  return coap::MessageWriter(coap::Type::kConfirmable, coap::kContent, 0, coap::Token(AsBytes("t")))
      .Finish(Bytes(1, 'x'));
}

class RoomTest : public ::testing::Test {
 protected:
  void SetUp() override { Make(4); }
  void Make(size_t confirmables_max) {
    Config config;
    config.confirmables_max = confirmables_max;
    ASSERT_EQ(config.Validate(), "");
    layer_.reset();
    ledgers_ = std::make_unique<admission::MessageLedgers>(config.ProcessLimits());
    layer_ = std::make_unique<Layer>(config, *random_, *ledgers_, 0);
    layer_->SetNetwork(kCrowd, kMany);
    layer_->SetNetwork(kCrowdToo, kMany);
    layer_->SetNetwork(kHonest, kFew);
  }

  void Drain() {
    while (const auto event = layer_->PollEvent()) {
      if (const auto* arrived = std::get_if<RequestArrived>(&*event)) {
        arrived_ = arrived->ref;
      } else if (const auto* undelivered = std::get_if<Undelivered>(&*event)) {
        undelivered_.push_back(undelivered->id);
      } else if (const auto* delivered = std::get_if<Delivered>(&*event)) {
        delivered_.push_back(delivered->id);
      } else if (const auto* heard = std::get_if<Active>(&*event)) {
        heard_.push_back(heard->session);
      }
    }
    while (const auto transmit = layer_->PollTransmit()) {
      sent_[transmit->session].emplace_back(transmit->message.begin(), transmit->message.end());
    }
    EXPECT_LE(layer_->unacknowledged(), 4u);
  }
  void PassTo(Duration since_start) {
    const TimePoint end = TimePoint() + since_start;
    while (now_ < end) {
      now_ = std::max(now_, std::min(end, layer_->NextDeadline().value_or(end)));
      layer_->Advance(now_);
      Drain();
    }
  }
  // A CON whose empty ACK has gone: its client waits for a message of ours.
  RequestRef Acknowledged(SessionId session, uint16_t id) {
    layer_->Receive(now_, session, ConGet(id));
    Drain();
    const RequestRef ref = arrived_;
    PassTo(now_ - TimePoint() + seconds(1));
    sent_.clear();
    return ref;
  }
  SendId Respond(const RequestRef& ref) {
    const SendId id = layer_->Respond(now_, ref, Response());
    Drain();
    return id;
  }
  SendId Notify(SessionId session) {
    const SendId id = layer_->SendConfirmable(now_, session, Response());
    Drain();
    return id;
  }
  void Ping(SessionId session) {
    layer_->Receive(now_, session, coap::EmptyMessage(coap::Type::kConfirmable, ++ping_id_));
    Drain();
  }
  void Acknowledge(SessionId session, const Bytes& message) {
    layer_->Receive(
        now_, session,
        coap::EmptyMessage(coap::Type::kAcknowledgement, coap::Parse(message)->message_id));
    Drain();
  }
  // What carries an answer, of all that was sent to it; taken.
  std::vector<Bytes> TakeAnswers(SessionId session) {
    std::vector<Bytes> answers;
    for (const Bytes& each : sent_[session]) {
      if (coap::Parse(each)->code.is_response()) answers.push_back(each);
    }
    sent_.clear();
    return answers;
  }
  static bool IsCon(const Bytes& message) {
    return coap::Parse(message)->type == coap::Type::kConfirmable;
  }

  std::unique_ptr<Random> random_ = MakeSeededRandom(5);
  std::unique_ptr<admission::MessageLedgers> ledgers_;
  std::unique_ptr<Layer> layer_;
  TimePoint now_;
  uint16_t ping_id_ = 0x7000;
  RequestRef arrived_;
  std::vector<SendId> undelivered_;
  std::vector<SendId> delivered_;
  std::vector<SessionId> heard_;
  std::map<SessionId, std::deque<Bytes>> sent_;
};

TEST_F(RoomTest, OneNetworkHasAllThenAnAnswerToAnotherIsSentUntilAcknowledged) {
  const RequestRef asked = Acknowledged(kHonest, 1);
  std::vector<SendId> crowd;
  for (int i = 0; i < 4; ++i) crowd.push_back(Notify(i % 2 == 0 ? kCrowd : kCrowdToo));
  ASSERT_NE(Respond(asked), SendId{});
  EXPECT_EQ(undelivered_, std::vector{crowd[0]});
  EXPECT_EQ(layer_->counters().made_room_unproven, 1u);
  EXPECT_EQ(layer_->counters().undelivered, 1u);
  EXPECT_EQ(layer_->counters().answers_unreliable, 0u);
  // However much the crowd goes on.
  std::set<Bytes> copies;
  size_t sent = 0;
  for (int i = 2; i <= 40; ++i) {
    PassTo(seconds(i));
    EXPECT_NE(Notify(kCrowd), SendId{});
    for (const Bytes& each : TakeAnswers(kHonest)) {
      copies.insert(each);
      ++sent;
    }
  }
  EXPECT_GE(sent, 4u);
  ASSERT_EQ(copies.size(), 1u);
  EXPECT_TRUE(IsCon(*copies.begin()));
  Acknowledge(kHonest, *copies.begin());
  EXPECT_EQ(delivered_.size(), 1u);
}

TEST_F(RoomTest, AnswerGivenUpEarlyThenSentAnewOnceItsSessionIsHeardAndThereIsRoom) {
  const RequestRef asked = Acknowledged(kCrowd, 1);
  const SendId first = Respond(asked);
  const Bytes answer = TakeAnswers(kCrowd).at(0);
  std::vector<Bytes> others;
  for (int i = 0; i < 4; ++i) {
    Notify(kCrowdToo);
    others.push_back(TakeAnswers(kCrowdToo).at(0));
  }
  EXPECT_EQ(undelivered_, std::vector{first});
  Ping(kCrowd);
  EXPECT_TRUE(TakeAnswers(kCrowd).empty()) << "its network has all: another would have to go";
  Acknowledge(kCrowdToo, others[0]);
  Ping(kCrowd);
  EXPECT_EQ(TakeAnswers(kCrowd), std::vector<Bytes>{answer});
  Acknowledge(kCrowd, answer);
  EXPECT_EQ(delivered_.size(), 2u);
  EXPECT_EQ(layer_->UnacknowledgedOf(kCrowd), 0u);
}

// The answer that makes room is of the session that is being answered.
TEST_F(RoomTest, OwnSessionHasAllThenItsOldestGoesAndIsHeardOfOnce) {
  std::vector<RequestRef> asked;
  for (uint16_t id = 1; id <= 6; ++id) asked.push_back(Acknowledged(kCrowd, id));
  std::vector<SendId> ids;
  for (const RequestRef& ref : asked) ids.push_back(Respond(ref));
  EXPECT_EQ(undelivered_, (std::vector{ids[0], ids[1]}));
  EXPECT_EQ(layer_->UnacknowledgedOf(kCrowd), 4u);
  const std::vector<Bytes> answers = TakeAnswers(kCrowd);
  ASSERT_EQ(answers.size(), 6u);
  Ping(kCrowd);
  EXPECT_TRUE(TakeAnswers(kCrowd).empty()) << "they do not take turns";
  for (size_t i = 2; i < 6; ++i) Acknowledge(kCrowd, answers[i]);
  EXPECT_EQ(TakeAnswers(kCrowd), (std::vector{answers[0], answers[1]}));
  Acknowledge(kCrowd, answers[0]);
  Acknowledge(kCrowd, answers[1]);
  EXPECT_EQ(delivered_.size(), 6u);
}

TEST_F(RoomTest, NotificationGivenUpEarlyThenItIsRevivedAsItWas) {
  const SendId first = Notify(kCrowd);
  const Bytes message = TakeAnswers(kCrowd).at(0);
  for (int i = 0; i < 4; ++i) Notify(kCrowdToo);
  ASSERT_EQ(undelivered_, std::vector{first});
  sent_.clear();
  EXPECT_TRUE(layer_->Revive(now_, kCrowd, first));
  Drain();
  EXPECT_EQ(TakeAnswers(kCrowd), std::vector<Bytes>{message});
  EXPECT_EQ(undelivered_.size(), 2u) << "one of the others made room in its turn";
}

// kGivenUpPerSessionMax: the notification to be revived is what its own revival pushes out.
TEST_F(RoomTest, RevivalThatCostsTheSessionWhatItRevivesThenItIsNotUnderWay) {
  Make(1);
  const SendId first = Notify(kCrowd);
  for (size_t i = 0; i <= kGivenUpPerSessionMax - 1; ++i) Notify(kCrowd);
  ASSERT_EQ(undelivered_.size(), kGivenUpPerSessionMax);
  EXPECT_FALSE(layer_->Revive(now_, kCrowd, first));
  Drain();
  EXPECT_EQ(layer_->unacknowledged(), 0u);
  EXPECT_NE(Notify(kCrowd), SendId{});
  EXPECT_EQ(layer_->unacknowledged(), 1u);
  EXPECT_EQ(undelivered_.size(), kGivenUpPerSessionMax + 1) << "its place was free";
}

TEST_F(RoomTest, AbandonedOrForgottenBeforeItIsToldThenNoEventFollows) {
  const SendId first = Notify(kCrowd);
  Notify(kCrowdToo);
  for (int i = 0; i < 2; ++i) Notify(kCrowd);
  layer_->SendConfirmable(now_, kHonest, Response());
  layer_->SendConfirmable(now_, kHonest, Response());
  layer_->Abandon(now_, kCrowd, first);
  layer_->Forget(kCrowdToo);
  Drain();
  EXPECT_EQ(layer_->counters().undelivered, 2u);
  EXPECT_TRUE(undelivered_.empty());
}

TEST_F(RoomTest, ProvenThenTheUnprovenOfTheSameNetworkMakeRoom) {
  const SendId known = Notify(kCrowd);
  layer_->Prove(kCrowd);
  std::vector<SendId> others;
  for (int i = 0; i < 3; ++i) others.push_back(Notify(kCrowdToo));
  for (int i = 0; i < 2; ++i) Notify(kHonest);
  EXPECT_EQ(undelivered_, (std::vector{others[0], others[1]}));
  layer_->Prove(SessionId{99});  // its network was never told: nothing
  EXPECT_TRUE(layer_->Revive(now_, kCrowd, known)) << "still under way";
}

TEST_F(RoomTest, OtherAddressThenItsConsCountForTheOtherNetwork) {
  std::vector<SendId> moved;
  for (int i = 0; i < 2; ++i) moved.push_back(Notify(kHonest));
  for (int i = 0; i < 2; ++i) Notify(kCrowd);
  layer_->SetNetwork(kHonest, kMany);
  layer_->SetNetwork(SessionId{4}, Network{4});
  Notify(SessionId{4});
  EXPECT_EQ(undelivered_, std::vector{moved[0]});
}

TEST_F(RoomTest, AllOfProvenNetworksThenAnAnswerGoesOnceAndAgainAsConWhenHeard) {
  const RequestRef asked = Acknowledged(kHonest, 1);
  layer_->Prove(kCrowd);
  std::vector<Bytes> crowd;
  for (int i = 0; i < 4; ++i) {
    Notify(kCrowd);
    crowd.push_back(TakeAnswers(kCrowd).at(0));
  }
  EXPECT_EQ(Respond(asked), SendId{});
  EXPECT_EQ(layer_->counters().answers_unreliable, 1u);
  EXPECT_TRUE(undelivered_.empty());
  const std::vector<Bytes> once = TakeAnswers(kHonest);
  ASSERT_EQ(once.size(), 1u);
  EXPECT_FALSE(IsCon(once[0]));
  Ping(kHonest);
  EXPECT_TRUE(TakeAnswers(kHonest).empty());
  Acknowledge(kCrowd, crowd[0]);
  Ping(kHonest);
  const std::vector<Bytes> again = TakeAnswers(kHonest);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_TRUE(IsCon(again[0]));
  Acknowledge(kHonest, again[0]);
  EXPECT_EQ(layer_->UnacknowledgedOf(kHonest), 0u);
  Ping(kHonest);
  EXPECT_TRUE(TakeAnswers(kHonest).empty());
}

TEST_F(RoomTest, AllOfProvenNetworksThenAProvenOneOfASmallerOneFindsRoom) {
  layer_->Prove(kCrowd);
  std::vector<SendId> crowd;
  for (int i = 0; i < 4; ++i) crowd.push_back(Notify(kCrowd));
  EXPECT_EQ(Notify(kHonest), SendId{});
  layer_->Prove(kHonest);
  EXPECT_NE(Notify(kHonest), SendId{});
  EXPECT_EQ(undelivered_, std::vector{crowd[0]});
  EXPECT_EQ(layer_->counters().made_room_proven, 1u);
}

// The layer above answers while it reads what came.
TEST_F(RoomTest, GivenUpWhileEventsAreReadThenTheyStayAndItIsToldAfterThem) {
  for (int i = 0; i < 4; ++i) Notify(kCrowd);
  layer_->Receive(now_, kHonest, ConGet(1));
  layer_->Receive(now_, kHonest, ConGet(2));
  const auto first = layer_->PollEvent();
  layer_->SendConfirmable(now_, kHonest, Response());
  EXPECT_EQ(AsText(std::get<RequestArrived>(*first).message.options()[0].value), "a");
  const auto second = layer_->PollEvent();
  layer_->SendConfirmable(now_, kHonest, Response());
  EXPECT_EQ(AsText(std::get<RequestArrived>(*second).message.options()[0].value), "a");
  EXPECT_TRUE(std::holds_alternative<Undelivered>(*layer_->PollEvent()));
  EXPECT_TRUE(std::holds_alternative<Undelivered>(*layer_->PollEvent()));
  EXPECT_FALSE(layer_->PollEvent());
}

// A ping to a client's new address is sent before the datagram that showed it is read.
TEST_F(RoomTest, HeardBeforeItIsToldOfWhatWasGivenUpThenItIsHeardOfOnceMore) {
  const SendId first = Notify(kCrowd);
  for (int i = 0; i < 3; ++i) Notify(kCrowd);
  layer_->SendConfirmable(now_, kCrowd, Response());
  layer_->Receive(now_, kCrowd, coap::EmptyMessage(coap::Type::kConfirmable, 1));
  Drain();
  ASSERT_EQ(undelivered_, std::vector{first});
  heard_.clear();
  Ping(kCrowd);
  EXPECT_EQ(heard_, std::vector{kCrowd});
  Ping(kCrowd);
  EXPECT_EQ(heard_.size(), 1u);
}

TEST_F(RoomTest, AnswerSentAnewBeforeItIsToldThatItWasGivenUpThenItIsNot) {
  const RequestRef asked = Acknowledged(kCrowd, 1);
  const SendId answer = Respond(asked);
  const Bytes message = TakeAnswers(kCrowd).at(0);
  std::vector<Bytes> others;
  for (int i = 0; i < 3; ++i) {
    Notify(kCrowdToo);
    others.push_back(TakeAnswers(kCrowdToo).at(0));
  }
  layer_->SendConfirmable(now_, kCrowd, Response());
  layer_->Receive(
      now_, kCrowdToo,
      coap::EmptyMessage(coap::Type::kAcknowledgement, coap::Parse(others[0])->message_id));
  layer_->Receive(now_, kCrowd, coap::EmptyMessage(coap::Type::kConfirmable, 1));
  Drain();
  EXPECT_TRUE(undelivered_.empty()) << "it is under way";
  EXPECT_TRUE(layer_->Revive(now_, kCrowd, answer));
  EXPECT_EQ(std::ranges::count(TakeAnswers(kCrowd), message), 1);
}

TEST_F(RoomTest, LargerOneReplacedBySmallerOneThenItKeepsItsPlace) {
  for (int i = 0; i < 4; ++i) {
    layer_->SendConfirmable(
        now_, kCrowd,
        coap::MessageWriter(coap::Type::kConfirmable, coap::kContent, 0, coap::Token(AsBytes("t")))
            .Finish(Bytes(kSmallMessageBytes, 'x')));
  }
  int replaced = 0;
  while (replaced < 4) {
    now_ = *layer_->NextDeadline();
    layer_->Advance(now_);
    while (const auto event = layer_->PollEvent()) {
      const auto* in_vain = std::get_if<RepeatedInVain>(&*event);
      ASSERT_NE(in_vain, nullptr);
      EXPECT_NE(layer_->Replace(now_, *in_vain, Response()), SendId{});
      ++replaced;
    }
    Drain();
  }
  EXPECT_EQ(layer_->counters().made_room_unproven, 0u);
  EXPECT_EQ(layer_->unacknowledged(), 4u);
}

}  // namespace
}  // namespace lowband::edge::message
