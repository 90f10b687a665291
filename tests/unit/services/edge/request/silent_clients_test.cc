#include "services/edge/request/silent_clients.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "libs/coap/message.h"
#include "services/edge/admission/message_ledgers.h"
#include "services/edge/request/limits.h"

namespace lowband::edge::request {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr SessionId kOld{1};
constexpr SessionId kNew{2};
constexpr admission::ClientId kClient{7};

/// Sessions that are as active as a test says, and a message layer that sends the pings.
class SilentClientsTest : public ::testing::Test {
 protected:
  void Open(SessionId session) { active_at_[session] = now_; }
  void OpenOf(SessionId session, admission::ClientId client) {
    Open(session);
    silent_.Open(now_, session, client);
  }

  /// Virtual time until `end`; pings are answered by those who answer.
  void PassTo(Duration end) {
    const TimePoint until = TimePoint() + end;
    while (now_ < until) {
      TimePoint next = until;
      for (const auto due : {messages_.NextDeadline(), silent_.NextDeadline()}) {
        if (due) next = std::min(next, *due);
      }
      now_ = std::max(now_, next);
      messages_.Advance(now_);
      silent_.Advance(now_);
      Drain();
    }
  }

  void Drain() {
    while (const auto transmit = messages_.PollTransmit()) {
      const auto ping = coap::Parse(transmit->message);
      ASSERT_TRUE(ping && ping->code.is_empty());
      pinged_.insert(ping->message_id);
      if (!answers_) continue;
      active_at_[transmit->session] = now_;
      messages_.Receive(now_, transmit->session,
                        coap::EmptyMessage(coap::Type::kReset, ping->message_id));
    }
    while (const auto event = messages_.PollEvent()) {
      EXPECT_TRUE(silent_.TakePingFate(now_, *event));
    }
    while (const auto away = silent_.PollAway()) {
      said_ += std::to_string(away->session.value) + (away->superseded ? " superseded " : " away ");
    }
  }

  TimePoint now_;
  std::map<SessionId, TimePoint> active_at_;
  std::set<SessionId> polls_;
  bool answers_ = false;
  std::set<uint16_t> pinged_;  ///< Message IDs of pings.
  std::string said_;
  Counters counters_;
  const std::unique_ptr<Random> random_ = MakeSeededRandom(5);
  const message::Config config_;
  admission::MessageLedgers ledgers_{config_.ProcessLimits()};
  message::Layer messages_{config_, *random_, ledgers_, 0};
  admission::NewestSessions newest_sessions_;
  SilentClients silent_{
      {.messages = messages_,
       .newest_sessions = newest_sessions_,
       .counters = counters_,
       .worker = 0,
       .active_at = [this](SessionId session) -> std::optional<TimePoint> {
         const auto found = active_at_.find(session);
         if (found == active_at_.end()) return std::nullopt;
         return found->second;
       },
       .client_of = [](const std::string&) { return kClient; },
       .has_poll_to_save = [this](SessionId session) { return polls_.contains(session); }}};
};

TEST_F(SilentClientsTest, SilentWithAPollThenAskedOnceAndAway) {
  Open(kOld);
  polls_.insert(kOld);
  silent_.Watch(now_, kOld);
  PassTo(kSilence - seconds(1));
  EXPECT_TRUE(pinged_.empty());
  PassTo(kSilence + minutes(2));
  EXPECT_EQ(pinged_.size(), 1u);
  EXPECT_EQ(said_, "1 away ");
  EXPECT_EQ(counters_.silent_away, 1u);
  PassTo(kSilence * 3);
  EXPECT_EQ(pinged_.size(), 1u) << "nothing watches it any more";
}

TEST_F(SilentClientsTest, NothingToSaveThenNotAsked) {
  Open(kOld);
  silent_.Watch(now_, kOld);
  PassTo(kSilence * 3);
  EXPECT_TRUE(pinged_.empty());
  EXPECT_FALSE(silent_.NextDeadline());
}

TEST_F(SilentClientsTest, ActiveThenTheTimeBeginsAnew) {
  Open(kOld);
  polls_.insert(kOld);
  silent_.Watch(now_, kOld);
  PassTo(minutes(6));
  active_at_[kOld] = now_;
  PassTo(minutes(6) + kSilence - seconds(1));
  EXPECT_TRUE(pinged_.empty());
  PassTo(minutes(7) + kSilence);
  EXPECT_EQ(pinged_.size(), 1u);
}

TEST_F(SilentClientsTest, AnswersThenAskedHalfAsOften) {
  Open(kOld);
  polls_.insert(kOld);
  answers_ = true;
  silent_.Watch(now_, kOld);
  // After 10, 30, 70, 150 and 310 minutes, then each 160.
  const unsigned expected[] = {1, 1, 2, 2, 2, 2, 3};
  for (unsigned tens = 0; tens < std::size(expected); ++tens) {
    PassTo(kSilence * (tens + 1) + seconds(1));
    EXPECT_EQ(counters_.silent_answered, expected[tens]) << tens;
  }
  EXPECT_EQ(said_, "");
}

TEST_F(SilentClientsTest, NewerSessionOfTheClientThenTheSilentOneEnds) {
  OpenOf(kOld, kClient);
  PassTo(minutes(1));
  OpenOf(kNew, kClient);
  PassTo(minutes(2) + kSilence);
  EXPECT_EQ(said_, "1 superseded ");
}

TEST_F(SilentClientsTest, NewerSessionOfTheTokenThenTheSilentOneEnds) {
  const auto token = std::make_shared<const std::string>("t");
  Open(kOld);
  silent_.TakeToken(now_, kOld, now_, token);
  PassTo(minutes(1));
  Open(kNew);
  silent_.TakeToken(now_, kNew, now_, token);
  PassTo(minutes(2) + kSilence);
  EXPECT_EQ(said_, "1 superseded ");
}

TEST_F(SilentClientsTest, SharesATokenAndAnswersThenStays) {
  OpenOf(kOld, kClient);
  PassTo(minutes(1));
  OpenOf(kNew, kClient);
  answers_ = true;
  PassTo(kSilence * 10);
  EXPECT_EQ(said_, "");
  EXPECT_EQ(counters_.silent_answered, 1u) << "it was heard after the newer one began";
}

TEST_F(SilentClientsTest, SessionEndsWhileItsPingIsUnderWayThenNothingIsLeft) {
  OpenOf(kOld, kClient);
  polls_.insert(kOld);
  silent_.Watch(now_, kOld);
  PassTo(kSilence + seconds(1));
  EXPECT_EQ(pinged_.size(), 1u);
  messages_.Forget(kOld);
  silent_.Forget(kOld);
  active_at_.erase(kOld);
  PassTo(kSilence * 2);
  EXPECT_EQ(said_, "");
  EXPECT_EQ(newest_sessions_.size(), 0u);
  EXPECT_FALSE(silent_.NextDeadline());
}

TEST_F(SilentClientsTest, NewerSessionAtAnotherWorkerThenThatTellsThisOne) {
  OpenOf(kOld, kClient);
  PassTo(minutes(1));
  const auto joined = newest_sessions_.Join(kClient, 1, now_);
  ASSERT_EQ(joined.tell, std::vector<unsigned>{0});
  silent_.TakeNews(now_);
  PassTo(minutes(2) + kSilence);
  EXPECT_EQ(said_, "1 superseded ");
}

}  // namespace
}  // namespace lowband::edge::request
