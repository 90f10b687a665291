// Layer: the message IDs under which what was given up is sent again.
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <set>

#include "services/edge/message/counters.h"
#include "services/edge/message/layer.h"
#include "services/edge/message/limits.h"

namespace lowband::edge::message {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr SessionId kSession{9};

Bytes Response() {
  return coap::MessageWriter(coap::Type::kConfirmable, coap::kContent, 0, coap::Token(AsBytes("t")))
      .Finish(Bytes(1, 'x'));
}

class AgainTest : public ::testing::Test {
 protected:
  void Receive(ByteView datagram) {
    layer_.Receive(now_, kSession, datagram);
    Drain();
  }
  void Ping(uint16_t id) { Receive(coap::EmptyMessage(coap::Type::kConfirmable, id)); }
  void Acknowledge(uint16_t id) { Receive(coap::EmptyMessage(coap::Type::kAcknowledgement, id)); }
  SendId Notify() {
    const SendId id = layer_.SendConfirmable(now_, kSession, Response());
    Drain();
    return id;
  }
  // An answer as CON, after the empty ACK.
  SendId Answer(uint16_t id) {
    Receive(coap::MessageWriter(coap::Type::kConfirmable, coap::kGet, id, coap::Token()).Finish());
    Pass(seconds(1));
    const SendId sent = layer_.Respond(now_, arrived_, Response());
    Drain();
    return sent;
  }
  bool Revive(SendId id) {
    const bool revived = layer_.Revive(now_, kSession, id);
    Drain();
    return revived;
  }
  void Pass(Duration duration) {
    const TimePoint end = now_ + duration;
    while (now_ < end) {
      now_ = std::max(now_, std::min(end, layer_.NextDeadline().value_or(end)));
      layer_.Advance(now_);
      Drain();
    }
  }
  /// Of the CONs with something in them that went out since: their IDs.
  std::set<uint16_t> TakeIds() { return std::exchange(ids_, {}); }
  uint16_t TakeId() {
    const auto ids = TakeIds();
    EXPECT_EQ(ids.size(), 1U);
    return ids.empty() ? 0 : *ids.begin();
  }

  TimePoint now_;
  std::set<SendId> delivered_;

 private:
  void Drain() {
    while (const auto event = layer_.PollEvent()) {
      if (const auto* arrived = std::get_if<RequestArrived>(&*event)) arrived_ = arrived->ref;
      if (const auto* done = std::get_if<Delivered>(&*event)) delivered_.insert(done->id);
    }
    while (const auto transmit = layer_.PollTransmit()) {
      const auto message = coap::Parse(transmit->message);
      if (message->type == coap::Type::kConfirmable) ids_.insert(message->message_id);
    }
  }

  std::unique_ptr<Random> random_ = MakeSeededRandom(5);
  admission::MessageLedgers ledgers_{Config().ProcessLimits()};
  Layer layer_{Config(), *random_, ledgers_, 0};
  RequestRef arrived_;
  std::set<uint16_t> ids_;
};

// A client whose other connections count the IDs up with it: deployed ones have one table for both
// directions, and would answer our message with their own old one.
TEST_F(AgainTest, ClientUsedItsIdMeanwhileThenTheNotificationGetsAnother) {
  const SendId id = Notify();
  const uint16_t before = TakeId();
  Pass(minutes(60));
  TakeIds();
  Receive(coap::MessageWriter(coap::Type::kNonConfirmable, coap::kGet, before, {}).Finish());
  ASSERT_TRUE(Revive(id));
  const uint16_t after = TakeId();
  EXPECT_NE(after, before);
  Acknowledge(before);
  EXPECT_TRUE(delivered_.empty()) << "that is a reply to what it said itself";
  Acknowledge(after);
  EXPECT_EQ(delivered_, std::set{id});
}

TEST_F(AgainTest, ClientUsedItsIdMeanwhileThenTheAnswerGetsAnother) {
  const SendId id = Answer(1);
  const uint16_t before = TakeId();
  Pass(seconds(100));
  TakeIds();
  Ping(before);
  const uint16_t after = TakeId();
  EXPECT_NE(after, before);
  Acknowledge(after);
  EXPECT_EQ(delivered_, std::set{id});
}

TEST_F(AgainTest, ClientUsedOthersThenTheSameId) {
  const SendId id = Notify();
  const uint16_t before = TakeId();
  Pass(minutes(60));
  TakeIds();
  Ping(static_cast<uint16_t>(before + 0x4000));
  ASSERT_TRUE(Revive(id));
  EXPECT_EQ(TakeId(), before);
}

}  // namespace
}  // namespace lowband::edge::message
