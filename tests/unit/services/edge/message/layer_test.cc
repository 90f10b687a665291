#include "services/edge/message/layer.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>

#include "services/edge/message/counters.h"
#include "services/edge/message/limits.h"

namespace lowband::edge::message {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SessionId kSession{9};

Bytes Request(coap::Type type, uint16_t id, coap::Code code = coap::kGet) {
  return coap::MessageWriter(type, code, id, coap::Token(AsBytes("t")))
      .Option(coap::OptionNumber::kUriPath, AsBytes("a"))
      .Finish();
}
Bytes ConGet(uint16_t id) { return Request(coap::Type::kConfirmable, id); }

Bytes Response(size_t body_bytes = 1) {
  return coap::MessageWriter(coap::Type::kConfirmable, coap::kContent, 0, coap::Token(AsBytes("t")))
      .Finish(Bytes(body_bytes, 'x'));
}

class LayerTest : public ::testing::Test {
 protected:
  void Make(const Config& config = {}) {
    random_ = MakeSeededRandom(5);
    layer_.reset();
    ledgers_ = std::make_unique<admission::MessageLedgers>(config.ProcessLimits());
    layer_ = std::make_unique<Layer>(config, *random_, *ledgers_, 0);
  }
  void SetUp() override { Make(); }

  void Receive(ByteView datagram, SessionId session = kSession) {
    layer_->Receive(now_, session, datagram);
    Drain();
  }
  SendId Respond(const RequestRef& ref, Bytes message,
                 OnDuplicate on_duplicate = OnDuplicate::kRepeat) {
    const SendId id = layer_->Respond(now_, ref, std::move(message), on_duplicate);
    Drain();
    return id;
  }
  void PassTo(Duration since_start) {
    const TimePoint end = TimePoint() + since_start;
    while (now_ < end) {
      now_ = std::max(now_, std::min(end, layer_->NextDeadline().value_or(end)));
      layer_->Advance(now_);
      Drain();
    }
  }
  void Drain() {
    while (const auto event = layer_->PollEvent()) {
      if (const auto* arrived = std::get_if<RequestArrived>(&*event)) {
        arrived_.push_back(arrived->ref);
        acknowledged_.push_back(arrived->acknowledges);
        lost_.push_back(arrived->answer_lost);
      } else if (const auto* delivered = std::get_if<Delivered>(&*event)) {
        delivered_.insert(delivered->id);
      } else if (const auto* rejected = std::get_if<Rejected>(&*event)) {
        rejected_.insert(rejected->id);
      } else if (const auto* undelivered = std::get_if<Undelivered>(&*event)) {
        undelivered_.insert(undelivered->id);
      } else {
        EXPECT_EQ(std::get<Active>(*event).session, kSession);
        ++heard_;
      }
    }
    while (const auto transmit = layer_->PollTransmit()) {
      sent_.emplace_back(transmit->message.begin(), transmit->message.end());
    }
  }
  Bytes TakeSent() {
    if (sent_.empty()) return {};
    Bytes out = std::move(sent_.front());
    sent_.pop_front();
    return out;
  }
  // A CON whose empty ACK has gone: its answer will be a CON of ours.
  RequestRef Acknowledged(uint16_t id) {
    Receive(ConGet(id));
    PassTo(now_ - TimePoint() + seconds(1));
    TakeSent();
    return arrived_.back();
  }

  std::unique_ptr<Random> random_;
  std::unique_ptr<admission::MessageLedgers> ledgers_;
  std::unique_ptr<Layer> layer_;
  TimePoint now_;
  std::deque<RequestRef> arrived_;
  std::deque<SendId> acknowledged_;
  std::deque<bool> lost_;
  std::set<SendId> delivered_;
  std::set<SendId> rejected_;
  std::set<SendId> undelivered_;
  int heard_ = 0;
  std::deque<Bytes> sent_;
};

TEST_F(LayerTest, AnsweredTwiceThenTheSecondDoesNothing) {
  Receive(ConGet(1));
  Respond(arrived_.front(), Response());
  EXPECT_FALSE(TakeSent().empty());
  EXPECT_EQ(Respond(arrived_.front(), Response()), SendId{});
  EXPECT_TRUE(sent_.empty());
}

TEST_F(LayerTest, ForgottenSessionThenItsRequestsAreNotAnswered) {
  Receive(ConGet(1));
  const RequestRef second = Acknowledged(2);
  Respond(second, Response());
  TakeSent();
  layer_->Forget(kSession);
  EXPECT_EQ(layer_->unanswered(), 0u);
  EXPECT_EQ(layer_->unacknowledged(), 0u);
  EXPECT_EQ(layer_->session_count(), 0u);
  sent_.clear();
  Respond(arrived_.front(), Response());
  PassTo(seconds(600));
  EXPECT_TRUE(sent_.empty());
  EXPECT_TRUE(undelivered_.empty());
}

TEST_F(LayerTest, SeveralDatagramsBeforeADrainThenEachEventHasItsOwnMessage) {
  for (uint16_t id = 1; id <= 5; ++id) layer_->Receive(now_, kSession, ConGet(id));
  for (uint16_t id = 1; id <= 5; ++id) {
    const auto event = layer_->PollEvent();
    ASSERT_TRUE(event);
    EXPECT_EQ(std::get<RequestArrived>(*event).message.message_id, id);
    EXPECT_EQ(AsText(std::get<RequestArrived>(*event).message.options()[0].value), "a");
  }
  EXPECT_FALSE(layer_->PollEvent());
}

TEST_F(LayerTest, AskAgainThenADuplicateIsANewRequest) {
  Receive(ConGet(1));
  Respond(arrived_.front(), Response(), OnDuplicate::kAskAgain);
  EXPECT_EQ(layer_->answer_bytes(), 0u);
  Receive(ConGet(1));
  ASSERT_EQ(arrived_.size(), 2u);
  EXPECT_NE(arrived_[0].serial, arrived_[1].serial);
}

TEST_F(LayerTest, ManyLaterSmallAnswersThenADuplicateStillGetsItsOwn) {
  Receive(ConGet(1));
  Respond(arrived_.back(), Response(7));
  const Bytes first = sent_.back();
  for (uint16_t id = 2; id <= 500; ++id) {
    Receive(ConGet(id));
    Respond(arrived_.back(), Response());
  }
  sent_.clear();
  Receive(ConGet(1));
  EXPECT_EQ(arrived_.size(), 500u);
  EXPECT_EQ(TakeSent(), first);
  EXPECT_EQ(layer_->counters().answers_evicted, 0u);
}

TEST_F(LayerTest, EvictedAnswerThenItsDuplicateIsANewRequest) {
  Config config;
  config.answer_bytes_per_session_max = 4000;
  Make(config);
  for (uint16_t id = 1; id <= 5; ++id) {
    Receive(ConGet(id));
    Respond(arrived_.back(), Response(1000));
    EXPECT_LE(layer_->answer_bytes(), config.answer_bytes_per_session_max);
  }
  sent_.clear();
  EXPECT_EQ(layer_->counters().answers_evicted, 2u);
  Receive(ConGet(3));
  EXPECT_EQ(sent_.size(), 1u);
  Receive(ConGet(1));
  EXPECT_EQ(arrived_.size(), 6u);
  EXPECT_FALSE(lost_.back());
  EXPECT_EQ(layer_->counters().duplicates_unanswerable, 0u);
}

TEST_F(LayerTest, EvictedAnswerToAPostThenItsDuplicateSaysSoAndWhatItGetsIsKept) {
  Config config;
  config.answer_bytes_per_session_max = 4000;
  Make(config);
  for (uint16_t id = 1; id <= 5; ++id) {
    Receive(Request(coap::Type::kConfirmable, id, coap::kPost));
    Respond(arrived_.back(), Response(1000));
  }
  sent_.clear();
  Receive(Request(coap::Type::kConfirmable, 1, coap::kPost));
  ASSERT_EQ(arrived_.size(), 6u);
  EXPECT_TRUE(lost_.back());
  EXPECT_EQ(layer_->counters().duplicates_unanswerable, 1u);
  EXPECT_EQ(layer_->counters().requests_con, 5u);
  Respond(arrived_.back(), Response(2));
  const Bytes error = TakeSent();
  Receive(Request(coap::Type::kConfirmable, 1, coap::kPost));
  EXPECT_EQ(TakeSent(), error);
  EXPECT_EQ(arrived_.size(), 6u);
}

TEST_F(LayerTest, AnswersToPostsAreKeptLongest) {
  Config config;
  config.answer_bytes_per_session_max = 4000;
  Make(config);
  Receive(Request(coap::Type::kConfirmable, 1, coap::kPost));
  Respond(arrived_.back(), Response(1000));
  for (uint16_t id = 2; id <= 50; ++id) {
    Receive(ConGet(id));
    Respond(arrived_.back(), Response(1000));
  }
  sent_.clear();
  Receive(Request(coap::Type::kConfirmable, 1, coap::kPost));
  EXPECT_EQ(arrived_.size(), 50u);
  EXPECT_EQ(sent_.size(), 1u);
}

TEST_F(LayerTest, SettledThenTheAnswerIsNotKeptAndADuplicateGetsNothing) {
  Receive(ConGet(1));
  Respond(arrived_.back(), Response());
  layer_->Settle(now_, arrived_.back());
  EXPECT_EQ(layer_->answer_bytes(), 0u);
  sent_.clear();
  Receive(ConGet(1));
  EXPECT_EQ(arrived_.size(), 1u);
  EXPECT_TRUE(sent_.empty());
  EXPECT_EQ(layer_->counters().duplicates_ignored, 1u);
}

TEST_F(LayerTest, BytesOfAnswersAreBoundedOverAllSessionsTheOldestGoFirst) {
  Config config;
  config.answer_bytes_max = 10'000;
  Make(config);
  for (uint64_t session = 1; session <= 30; ++session) {
    Receive(ConGet(1), SessionId{session});
    Respond(arrived_.back(), Response(1000));
    EXPECT_LE(layer_->answer_bytes(), config.answer_bytes_max);
  }
  sent_.clear();
  Receive(ConGet(1), SessionId{1});
  EXPECT_TRUE(sent_.empty());
  EXPECT_EQ(arrived_.size(), 31u) << "evicted: carried out anew";
  Receive(ConGet(1), SessionId{30});
  EXPECT_EQ(sent_.size(), 1u);
  EXPECT_EQ(arrived_.size(), 31u);
}

TEST_F(LayerTest, UnansweredRequestsAreBounded) {
  for (uint16_t id = 1; id <= kUnansweredPerSessionMax + 3; ++id) Receive(ConGet(id));
  EXPECT_EQ(arrived_.size(), kUnansweredPerSessionMax);
  EXPECT_EQ(layer_->counters().requests_dropped, 3u);
  EXPECT_EQ(layer_->UnansweredOf(kSession), kUnansweredPerSessionMax);
  // What was dropped is no duplicate when it comes again.
  Respond(arrived_.front(), Response());
  Receive(ConGet(kUnansweredPerSessionMax + 1));
  EXPECT_EQ(arrived_.size(), kUnansweredPerSessionMax + 1);
}

TEST_F(LayerTest, TooManyConsUnderWayThenAnswersGoOnceAsNon) {
  for (uint16_t id = 1; id <= kConfirmablesPerSessionMax + 2; ++id) {
    Receive(ConGet(id));
  }
  PassTo(seconds(1));
  sent_.clear();
  for (const RequestRef& ref : arrived_) Respond(ref, Response());
  ASSERT_EQ(sent_.size(), kConfirmablesPerSessionMax + 2);
  EXPECT_EQ(coap::Parse(sent_.front())->type, coap::Type::kConfirmable);
  EXPECT_EQ(coap::Parse(sent_.back())->type, coap::Type::kNonConfirmable);
  EXPECT_EQ(layer_->counters().answers_unreliable, 2u);
  EXPECT_EQ(layer_->SendConfirmable(now_, kSession, Response()), SendId{});
  EXPECT_EQ(layer_->counters().notifications_refused, 1u);
}

TEST_F(LayerTest, NotificationIsDeliveredRejectedOrUndelivered) {
  std::map<char, SendId> ids;
  std::map<char, uint16_t> message_ids;
  for (const char name : {'a', 'b', 'c'}) {
    ids[name] = layer_->SendConfirmable(now_, kSession, Response());
    Drain();
    message_ids[name] = coap::Parse(TakeSent())->message_id;
    EXPECT_NE(message_ids[name], 0);
  }
  Receive(coap::EmptyMessage(coap::Type::kAcknowledgement, message_ids['a']));
  Receive(coap::EmptyMessage(coap::Type::kReset, message_ids['b']));
  PassTo(seconds(100));
  EXPECT_EQ(delivered_, std::set{ids['a']});
  EXPECT_EQ(rejected_, std::set{ids['b']});
  EXPECT_EQ(undelivered_, std::set{ids['c']});
}

TEST_F(LayerTest, ClientIsBackThenHeardOnceAndTheNotificationRevivedAsItWas) {
  const SendId id = layer_->SendConfirmable(now_, kSession, Response());
  Drain();
  const Bytes first = TakeSent();
  PassTo(seconds(100));
  ASSERT_EQ(undelivered_, std::set{id});
  sent_.clear();
  EXPECT_EQ(heard_, 0);
  Receive(ConGet(7));
  Receive(ConGet(8));
  EXPECT_EQ(heard_, 1);
  ASSERT_TRUE(layer_->Revive(now_, kSession, id));
  Drain();
  EXPECT_EQ(TakeSent(), first);
  Receive(coap::EmptyMessage(coap::Type::kAcknowledgement, coap::Parse(first)->message_id));
  EXPECT_EQ(delivered_, std::set{id});
  EXPECT_FALSE(layer_->Revive(now_, kSession, id));
}

TEST_F(LayerTest, NotificationOfAnHourAgoThenRevivedUnderItsIdUnlessAbandoned) {
  const SendId id = layer_->SendConfirmable(now_, kSession, Response());
  Drain();
  const Bytes first = TakeSent();
  PassTo(std::chrono::hours(1));
  sent_.clear();
  ASSERT_TRUE(layer_->Revive(now_, kSession, id));
  Drain();
  EXPECT_EQ(TakeSent(), first);
  PassTo(std::chrono::hours(2));
  layer_->Abandon(now_, kSession, id);
  EXPECT_FALSE(layer_->Revive(now_, kSession, id));
  PassTo(std::chrono::hours(3));
  EXPECT_EQ(layer_->session_count(), 0u);
}

TEST_F(LayerTest, AnswerThatMustBeAcknowledgedThenEmptyAckAndCon) {
  Receive(ConGet(1));
  const SendId id = layer_->RespondConfirmably(now_, arrived_.back(), Response());
  ASSERT_NE(id, SendId{});
  Drain();
  EXPECT_TRUE(coap::Parse(TakeSent())->code.is_empty());
  const Bytes answer = TakeSent();
  EXPECT_EQ(coap::Parse(answer)->type, coap::Type::kConfirmable);
  Receive(coap::EmptyMessage(coap::Type::kAcknowledgement, coap::Parse(answer)->message_id));
  EXPECT_EQ(delivered_, std::set{id});
  EXPECT_TRUE(sent_.empty());
}

TEST_F(LayerTest, AbandonedThenItIsNotSentAgainAndNothingIsTold) {
  const RequestRef ref = Acknowledged(1);
  const SendId id = Respond(ref, Response());
  ASSERT_NE(id, SendId{});
  const uint16_t own = coap::Parse(TakeSent())->message_id;
  layer_->Abandon(now_, kSession, id);
  PassTo(seconds(100));
  EXPECT_TRUE(sent_.empty());
  EXPECT_TRUE(undelivered_.empty());
  Receive(coap::EmptyMessage(coap::Type::kAcknowledgement, own));
  EXPECT_TRUE(delivered_.empty());
}

// A client that was out of reach for two minutes asks on.
TEST_F(LayerTest, LateAckWithARequestIsStillTakenOnce) {
  const RequestRef ref = Acknowledged(1);
  const SendId id = Respond(ref, Response());
  const uint16_t own = coap::Parse(TakeSent())->message_id;
  PassTo(seconds(150));
  EXPECT_EQ(undelivered_, std::set{id});
  sent_.clear();
  Receive(Request(coap::Type::kAcknowledgement, own));
  ASSERT_EQ(arrived_.size(), 2u);
  EXPECT_EQ(arrived_.back().arrival, Arrival::kInAcknowledgement);
  EXPECT_EQ(acknowledged_.back(), id);
  EXPECT_EQ(delivered_, std::set{id}) << "late, but true";
  Receive(Request(coap::Type::kAcknowledgement, own));
  EXPECT_EQ(arrived_.size(), 2u);
}

TEST_F(LayerTest, AckWithARequestForAnUnknownIdIsIgnored) {
  Receive(ConGet(1));
  Receive(Request(coap::Type::kAcknowledgement, 1));
  Receive(Request(coap::Type::kAcknowledgement, 4711));
  EXPECT_EQ(arrived_.size(), 1u);
  EXPECT_EQ(layer_->counters().stray_acks, 2u);
}

TEST_F(LayerTest, RequestInsideAnAckIsAnsweredByConAndHasNoAckOfItsOwn) {
  const RequestRef ref = Acknowledged(1);
  Respond(ref, Response());
  const uint16_t first = coap::Parse(TakeSent())->message_id;
  Receive(Request(coap::Type::kAcknowledgement, first));
  PassTo(seconds(5));
  EXPECT_TRUE(sent_.empty());
  const SendId id = Respond(arrived_.back(), Response());
  EXPECT_NE(id, SendId{});
  const Bytes answer = TakeSent();
  EXPECT_EQ(coap::Parse(answer)->type, coap::Type::kConfirmable);
  EXPECT_NE(coap::Parse(answer)->message_id, first);
}

TEST_F(LayerTest, MessageIdsOfOneSessionDoNotRepeatWithinTheirLifetime) {
  std::set<uint16_t> own;
  for (uint16_t id = 1; id <= 3000; ++id) {
    Receive(Request(coap::Type::kNonConfirmable, id));
    Respond(arrived_.back(), Response());
    const auto message = TakeSent();
    const uint16_t used = coap::Parse(message)->message_id;
    EXPECT_TRUE(own.insert(used).second);
    EXPECT_FALSE(used >= 1 && used <= id);
    now_ += milliseconds(60);
  }
}

TEST_F(LayerTest, PingOfAQuietSessionCostsNothing) {
  Receive(coap::EmptyMessage(coap::Type::kConfirmable, 77));
  EXPECT_EQ(TakeSent().size(), 4u);
  EXPECT_EQ(layer_->session_count(), 0u);
  EXPECT_FALSE(layer_->NextDeadline());
}

TEST_F(LayerTest, QuietSessionIsForgottenAfterExchangeLifetime) {
  Receive(ConGet(1));
  Respond(arrived_.back(), Response());
  PassTo(seconds(240));
  EXPECT_EQ(layer_->session_count(), 1u);
  PassTo(seconds(270));
  EXPECT_EQ(layer_->session_count(), 0u);
  EXPECT_EQ(layer_->answer_bytes(), 0u);
  EXPECT_FALSE(layer_->NextDeadline());
}

TEST_F(LayerTest, LongPollIsRememberedThoughItOutlivesExchangeLifetime) {
  Receive(ConGet(1));
  PassTo(seconds(900));
  ASSERT_EQ(sent_.size(), 1u);
  sent_.clear();
  Receive(ConGet(1));
  EXPECT_EQ(arrived_.size(), 1u);
  EXPECT_NE(Respond(arrived_.back(), Response()), SendId{});
}

}  // namespace
}  // namespace lowband::edge::message
