// Observations: what each event does in each state, and what the layer is to do then.
#include "services/edge/request/observations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/edge/request/limits.h"

namespace lowband::edge::request {
namespace {

using std::chrono::seconds;
using State = ObservationState;

constexpr SessionId kSession{7};
constexpr size_t kStates = static_cast<size_t>(State::kCount);
constexpr size_t kEvents = static_cast<size_t>(ObservationEvent::kCount);

/// p: polling, w: waiting, t: awaiting a token, n: notifying, k: parked, -: the event says nothing.
constexpr std::string_view kLetters = "pwtnk";

// One row for each event, one letter for each state that it may come in.
TEST(NextState, EveryEventInEveryState) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, kEvents> kRows = {{
      {"poll started", "ppppp"},
      {"poll failed", "wwwww"},
      {"paced", "w----"},
      {"token awaited", "t----"},
      {"notified", "nn--n"},
      {"begun", "---nn"},
      {"fetched", "-n-nn"},
      {"stalled", "---ww"},
      {"undelivered", "---kk"},
      {"revived", "----n"},
      {"client away", "kk---"},
  }};
  for (size_t event = 0; event < kEvents; ++event) {
    std::string row;
    for (size_t state = 0; state < kStates; ++state) {
      const auto next = NextState(static_cast<State>(state), static_cast<ObservationEvent>(event));
      row += next ? kLetters[static_cast<size_t>(*next)] : '-';
    }
    EXPECT_EQ(row, kRows[event].second) << kRows[event].first;
  }
}

class ObservationsTest : public ::testing::Test {
 protected:
  ObservationsTest() {
    config_.poll_jitter = 0;
    config_.token_wait = seconds(3);
  }

  ObservationId Add(uint8_t token = 1) {
    Subscription subscription;
    subscription.target.session = kSession;
    subscription.target.token = coap::Token(Bytes(1, token));
    subscription.target.key.path = 42;
    subscription.request.mutable_observe()->set_cursor("c0");
    const ObservationId id = observations_.Add(std::move(subscription), 2);
    StartPoll(id);
    return id;
  }
  void StartPoll(ObservationId id) {
    observations_.OnPollStarted(now_, id, ++last_poll_, now_ + seconds(100));
  }
  /// The answer of its poll brings `cursor`, and the notification is under way.
  message::SendId Notify(ObservationId id, bool whole = true, const char* cursor = "c1") {
    observations_.OnAnswer(id);
    observations_.OnChanged(id, cursor, Answer());
    (void)Take<Observations::Notify>();
    const message::SendId sent{++last_sent_};
    observations_.OnNotified(id, observations_.Find(id)->number + 1, sent, whole);
    return sent;
  }
  void Fail(ObservationId id, Answer* error = nullptr) {
    observations_.OnAnswer(id);
    observations_.OnPollFailed(now_, id, PollFailure::kRefused, {}, error);
  }

  /// The next action, which is of this kind.
  template <class Act>
  Act Take() {
    auto action = observations_.PollAction();
    if (!action) throw std::logic_error("no action");
    if (!std::holds_alternative<Act>(*action)) throw std::logic_error("another action");
    return std::get<Act>(std::move(*action));
  }
  void Drain() {
    while (observations_.PollAction()) {
    }
  }
  bool IsQuiet() { return !observations_.PollAction(); }
  State StateOf(ObservationId id) const { return observations_.Find(id)->state; }
  std::string CursorOf(ObservationId id) {
    return observations_.FindSubscription(id)->request.observe().cursor();
  }
  /// Time passes until one is due.
  void PassToDue() {
    now_ = observations_.NextDeadline().value();
    ASSERT_TRUE(observations_.Advance(now_));
  }

  Config config_;
  Counters counters_;
  std::unique_ptr<Random> random_ = MakeSeededRandom(3);
  Observations observations_{config_, *random_, counters_};
  TimePoint now_{std::chrono::hours(1)};
  ExchangeId last_poll_ = 0;
  uint64_t last_sent_ = 0;
};

TEST_F(ObservationsTest, NewsAcknowledgedWholeThenPolledByTheirCursor) {
  const ObservationId id = Add();
  EXPECT_EQ(StateOf(id), State::kPolling);
  const auto sent = Notify(id);
  EXPECT_EQ(StateOf(id), State::kNotifying);
  EXPECT_EQ(CursorOf(id), "c0");
  observations_.OnDelivered(now_, kSession, sent);
  EXPECT_EQ(CursorOf(id), "c1");
  EXPECT_EQ(Take<Observations::ReleaseBody>().id, id);
  EXPECT_EQ(Take<Observations::StartPoll>().id, id);
  StartPoll(id);
  EXPECT_EQ(StateOf(id), State::kPolling);
  EXPECT_TRUE(IsQuiet());
}

TEST_F(ObservationsTest, NewsOfSeveralBlocksThenTheCursorWaitsForTheLast) {
  const ObservationId id = Add();
  const auto first = Notify(id, false);
  observations_.OnDelivered(now_, kSession, first);
  EXPECT_EQ(CursorOf(id), "c0");
  const message::SendId last{++last_sent_};
  observations_.OnBlockServed(now_, id, {coap::Token(), 1}, {}, false);
  EXPECT_EQ(Take<Observations::Abandon>().sent, first);
  observations_.OnBlockServed(now_, id, {coap::Token(), 2}, last, true);
  EXPECT_EQ(Take<Observations::Abandon>().sent, first);
  EXPECT_EQ(CursorOf(id), "c0");
  observations_.OnDelivered(now_, kSession, last);
  EXPECT_EQ(CursorOf(id), "c1");
}

TEST_F(ObservationsTest, RestIsNotFetchedThenTheSameBodyAgainLaterEachTime) {
  const ObservationId id = Add();
  const auto first = Notify(id, false);
  observations_.OnDelivered(now_, kSession, first);
  const TimePoint begun = now_;
  PassToDue();
  EXPECT_EQ(now_ - begun, kNotificationGap);
  EXPECT_EQ(StateOf(id), State::kWaiting);
  EXPECT_EQ(Take<Observations::Abandon>().sent, first);
  const TimePoint stalled = now_;
  PassToDue();
  EXPECT_EQ(now_ - stalled, kStallBackoffMin);
  EXPECT_EQ(Take<Observations::NotifyAgain>().id, id);
  EXPECT_EQ(CursorOf(id), "c0");
}

TEST_F(ObservationsTest, NotAcknowledgedThenParkedAndTheSameMessageOnceItsClientIsHeard) {
  const ObservationId id = Add();
  const auto sent = Notify(id);
  ASSERT_TRUE(observations_.OnUndelivered(kSession, sent));
  EXPECT_EQ(StateOf(id), State::kParked);
  EXPECT_EQ(observations_.NextDeadline(), std::nullopt);
  observations_.OnActive(kSession);
  EXPECT_EQ(Take<Observations::Revive>().sent, sent);
  observations_.OnRevived(id);
  EXPECT_EQ(StateOf(id), State::kNotifying);
  observations_.OnDelivered(now_, kSession, sent);
  EXPECT_EQ(CursorOf(id), "c1");
}

TEST_F(ObservationsTest, CannotBeRevivedThenTheSameBodyInAnotherMessage) {
  const ObservationId id = Add();
  const auto sent = Notify(id);
  ASSERT_TRUE(observations_.OnUndelivered(kSession, sent));
  observations_.OnRevivedInVain(id);
  EXPECT_EQ(Take<Observations::Abandon>().sent, sent);
  EXPECT_EQ(Take<Observations::NotifyAgain>().id, id);
}

TEST_F(ObservationsTest, ParkedThenItsLateAcknowledgementStillCounts) {
  const ObservationId id = Add();
  const auto sent = Notify(id);
  ASSERT_TRUE(observations_.OnUndelivered(kSession, sent));
  observations_.OnDelivered(now_, kSession, sent);
  EXPECT_EQ(CursorOf(id), "c1");
}

TEST_F(ObservationsTest, NothingNewThenPolledAtOnceUnlessThatWasQuick) {
  const ObservationId id = Add();
  now_ += kPollPaceMin;
  observations_.OnAnswer(id);
  observations_.OnUnchanged(now_, id);
  EXPECT_EQ(Take<Observations::StartPoll>().id, id);
  StartPoll(id);
  for (const seconds pace : {seconds(1), seconds(2), seconds(4)}) {
    observations_.OnAnswer(id);
    observations_.OnUnchanged(now_, id);
    EXPECT_EQ(StateOf(id), State::kWaiting);
    EXPECT_TRUE(IsQuiet());
    const TimePoint before = now_;
    PassToDue();
    EXPECT_EQ(now_ - before, pace);
    EXPECT_EQ(Take<Observations::NotifyAgain>().id, id);
    StartPoll(id);
  }
}

TEST_F(ObservationsTest, PollsFailThenLaterEachTimeAndTheFifthIsTold) {
  const ObservationId id = Add();
  Answer error;
  for (unsigned failure = 1; failure <= kPollFailuresTold; ++failure) {
    Fail(id, &error);
    EXPECT_EQ(StateOf(id), State::kWaiting);
    if (failure == kPollFailuresTold) {
      EXPECT_EQ(Take<Observations::TellFailure>().id, id);
      observations_.OnFailureTold(id, message::SendId{++last_sent_});
    }
    const TimePoint before = now_;
    PassToDue();
    EXPECT_EQ(now_ - before,
              std::min<Duration>(kPollBackoffMin * (1 << (failure - 1)), kPollBackoffMax));
    EXPECT_EQ(Take<Observations::NotifyAgain>().id, id);
    StartPoll(id);
  }
  Fail(id, &error);
  EXPECT_TRUE(IsQuiet()) << "once";
  EXPECT_EQ(observations_.FindTold(kSession, {.path = 42})->id, id);
}

TEST_F(ObservationsTest, RstToWhatToldOfFailuresOrBoreANumberThenItEnds) {
  const ObservationId told = Add(1);
  const ObservationId other = Add(2);
  Fail(told);
  const message::SendId error{++last_sent_};
  observations_.OnFailureTold(told, error);
  observations_.OnRejected(now_, kSession, error);
  EXPECT_EQ(observations_.Find(told), nullptr);
  Drain();
  const auto sent = Notify(other);
  EXPECT_NE(observations_.Find(other), nullptr);
  observations_.OnRejected(now_, kSession, sent);
  EXPECT_EQ(observations_.Find(other), nullptr);
  EXPECT_EQ(observations_.size(), 0u);
  EXPECT_EQ(counters_.observations_cancelled, 2u);
}

TEST_F(ObservationsTest, RstToALaterBlockThenItStalls) {
  const ObservationId id = Add();
  Notify(id, false);
  const message::SendId last{++last_sent_};
  observations_.OnBlockServed(now_, id, {coap::Token(), 1}, last, true);
  observations_.OnRejected(now_, kSession, last);
  EXPECT_EQ(StateOf(id), State::kWaiting);
  EXPECT_EQ(counters_.notifications_stalled, 1u);
}

TEST_F(ObservationsTest, TokenAwaitedAndItComesThenPolledWithIt) {
  const ObservationId id = Add();
  observations_.OnAnswer(id);
  observations_.OnTokenAwaited(now_, id, Answer());
  EXPECT_EQ(StateOf(id), State::kAwaitingToken);
  EXPECT_FALSE(observations_.HasPollToSave(kSession));
  observations_.OnToken(kSession, std::make_shared<const std::string>("secret"));
  EXPECT_EQ(Take<Observations::StartPoll>().id, id);
  EXPECT_EQ(observations_.FindSubscription(id)->request.token(), "secret");
  StartPoll(id);
  EXPECT_EQ(StateOf(id), State::kPolling);
}

TEST_F(ObservationsTest, TokenAwaitedAndNoneComesThenItEndsWithTheRefusal) {
  const ObservationId id = Add();
  observations_.OnAnswer(id);
  Answer refused;
  refused.code = coap::kUnauthorized;
  observations_.OnTokenAwaited(now_, id, std::move(refused));
  const TimePoint before = now_;
  PassToDue();
  EXPECT_EQ(now_ - before, config_.token_wait);
  const auto end = Take<Observations::EndWithError>();
  EXPECT_EQ(end.id, id);
  EXPECT_EQ(end.error.code, coap::kUnauthorized);
}

TEST_F(ObservationsTest, ClientIsAwayThenNothingIsPolledUntilItIsHeard) {
  const ObservationId polling = Add(1);
  const ObservationId notifying = Add(2);
  Notify(notifying);
  const ExchangeId poll = observations_.Find(polling)->poll;
  ASSERT_TRUE(observations_.HasPollToSave(kSession));
  observations_.OnClientAway(kSession);
  EXPECT_EQ(Take<Observations::CancelPoll>().poll, poll);
  EXPECT_EQ(StateOf(polling), State::kParked);
  EXPECT_EQ(StateOf(notifying), State::kNotifying);
  EXPECT_FALSE(observations_.HasPollToSave(kSession));
  observations_.OnActive(kSession);
  EXPECT_EQ(Take<Observations::NotifyAgain>().id, polling);
  EXPECT_TRUE(IsQuiet());
}

TEST_F(ObservationsTest, PollMakesRoomOrIsNotAnsweredThenItIsCancelledAndTriedLater) {
  const ObservationId id = Add();
  observations_.OnPollMadeRoom(now_, id);
  EXPECT_EQ(Take<Observations::CancelPoll>().poll, last_poll_);
  EXPECT_EQ(StateOf(id), State::kWaiting);
  StartPoll(id);
  PassToDue();
  EXPECT_EQ(Take<Observations::CancelPoll>().poll, last_poll_);
  EXPECT_EQ(StateOf(id), State::kWaiting);
  EXPECT_EQ(counters_.exchanges_cancelled, 2u);
}

TEST_F(ObservationsTest, SmallerMessageTookThePlaceThenItsFateCounts) {
  const ObservationId id = Add();
  const auto before = Notify(id);
  const message::SendId smaller{++last_sent_};
  observations_.OnReplaced(kSession, before, smaller, false);
  observations_.OnDelivered(now_, kSession, before);
  EXPECT_EQ(StateOf(id), State::kNotifying);
  EXPECT_TRUE(IsQuiet());
  observations_.OnDelivered(now_, kSession, smaller);
  EXPECT_EQ(CursorOf(id), "c0") << "it has the first block alone";
}

TEST_F(ObservationsTest, BlockOfTheBodyBeforeThenItIsStale) {
  const ObservationId id = Add();
  const coap::Token token(Bytes(1, 'f'));
  Notify(id, false);
  const message::SendId last{++last_sent_};
  observations_.OnBlockServed(now_, id, {token, 100}, last, true);
  observations_.OnDelivered(now_, kSession, last);
  Drain();
  StartPoll(id);
  Notify(id, false, "c2");
  EXPECT_TRUE(observations_.IsStaleFetch(id, {token, 100}));
  EXPECT_TRUE(observations_.IsStaleFetch(id, {token, 99}));
  EXPECT_FALSE(observations_.IsStaleFetch(id, {token, 101}));
  EXPECT_FALSE(observations_.IsStaleFetch(id, {coap::Token(), 100}));
}

TEST_F(ObservationsTest, SessionEndsThenItsPollsAreCancelledAndNothingElseSaid) {
  Add(1);
  const ObservationId notifying = Add(2);
  Notify(notifying);
  observations_.ForgetSession(kSession);
  (void)Take<Observations::CancelPoll>();
  EXPECT_TRUE(IsQuiet());
  EXPECT_EQ(observations_.size(), 0u);
  EXPECT_EQ(observations_.NextDeadline(), std::nullopt);
  EXPECT_EQ(counters_.observations_lost, 2u);
}

TEST_F(ObservationsTest, EventsOfOneThatHasEndedThenNothing) {
  const ObservationId id = Add();
  observations_.End(id);
  Drain();
  observations_.End(id);
  observations_.OnAnswer(id);
  observations_.OnChanged(id, "c", Answer());
  observations_.OnUnchanged(now_, id);
  observations_.OnPollFailed(now_, id, PollFailure::kUplink);
  observations_.OnTokenAwaited(now_, id, Answer());
  observations_.OnNotified(id, 3, message::SendId{1}, true);
  observations_.OnRevived(id);
  observations_.OnPollMadeRoom(now_, id);
  EXPECT_TRUE(IsQuiet());
}

}  // namespace
}  // namespace lowband::edge::request
