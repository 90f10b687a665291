#include "services/edge/request/observations.h"

#include <algorithm>
#include <array>
#include <utility>

#include "services/edge/request/limits.h"

namespace lowband::edge::request {
namespace {

using State = ObservationState;
using Event = ObservationEvent;
using OptionalState = std::optional<State>;

constexpr size_t kStates = static_cast<size_t>(State::kCount);
constexpr size_t kEvents = static_cast<size_t>(Event::kCount);

constexpr OptionalState kNo;
constexpr OptionalState kP = State::kPolling;
constexpr OptionalState kW = State::kWaiting;
constexpr OptionalState kT = State::kAwaitingToken;
constexpr OptionalState kN = State::kNotifying;
constexpr OptionalState kK = State::kParked;

// Rows: events, in their order. Columns: polling, waiting, awaiting token, notifying, parked.
constexpr std::array<std::array<OptionalState, kStates>, kEvents> kNext = {{
    {kP, kP, kP, kP, kP},      // kPollStarted
    {kW, kW, kW, kW, kW},      // kPollFailed
    {kW, kNo, kNo, kNo, kNo},  // kPaced
    {kT, kNo, kNo, kNo, kNo},  // kTokenAwaited
    {kN, kN, kNo, kNo, kN},    // kNotified
    {kNo, kNo, kNo, kN, kN},   // kBegun
    {kNo, kN, kNo, kN, kN},    // kFetched
    {kNo, kNo, kNo, kW, kW},   // kStalled
    {kNo, kNo, kNo, kK, kK},   // kUndelivered
    {kNo, kNo, kNo, kNo, kN},  // kRevived
    {kK, kK, kNo, kNo, kNo},   // kClientAway
}};

// `base`, doubled for each time after the first of `count`, at most `max`.
Duration Doubled(Duration base, unsigned count, Duration max) {
  constexpr unsigned kDoublingsMax = 16;
  return std::min<Duration>(base * (1 << std::min(std::max(count, 1u) - 1, kDoublingsMax)), max);
}

}  // namespace

std::optional<State> NextState(State state, Event event) {
  return kNext[static_cast<size_t>(event)][static_cast<size_t>(state)];
}

bool Observations::Move(Observation& observation, Event event) {
  const auto next = NextState(observation.state, event);
  if (next) observation.state = *next;
  return next.has_value();
}

ObservationId Observations::Add(Subscription subscription, uint32_t number) {
  Observation added;
  added.id = ++last_id_;
  added.subscription = std::move(subscription);
  added.number = number;
  by_session_[added.session()].push_back(added.id);
  by_id_.emplace(added.id, std::move(added));
  return last_id_;
}

void Observations::End(ObservationId id) {
  Observation* observation = FindOwn(id);
  if (observation == nullptr) return;
  Cancel(*observation);
  const SessionId session = observation->session();
  Do(ReleaseBody{session, id});
  if (observation->sent.value != 0) Do(Abandon{session, observation->sent});
  if (observation->told) Do(Abandon{session, *observation->told});
  Forget(*observation);
}

void Observations::ForgetSession(SessionId session) {
  for (const ObservationId id : std::vector<ObservationId>(Of(session))) {
    Observation& observation = by_id_.at(id);
    ++counters_.observations_lost;
    Cancel(observation);
    Forget(observation);
  }
}

void Observations::OnPollStarted(TimePoint now, ObservationId id, ExchangeId poll, TimePoint due) {
  Observation* observation = FindOwn(id);
  if (observation == nullptr || !Move(*observation, Event::kPollStarted)) return;
  observation->polled_at = now;
  observation->poll = poll;
  by_poll_[poll] = id;
  timers_.Set(id, due);
}

void Observations::OnAnswer(ObservationId id) {
  if (Observation* observation = FindOwn(id)) TakePoll(*observation);
}

void Observations::OnChanged(ObservationId id, std::string cursor, Answer news) {
  Observation* observation = FindOwn(id);
  if (observation == nullptr) return;
  observation->failures = observation->quick = 0;
  observation->offered = std::move(cursor);
  observation->earlier_fetch = std::exchange(observation->fetch, std::nullopt);
  Do(Notify{id, std::move(news)});
}

void Observations::OnUnchanged(TimePoint now, ObservationId id) {
  Observation* observation = FindOwn(id);
  if (observation == nullptr) return;
  observation->failures = 0;
  ++counters_.polls_unchanged;
  if (now - observation->polled_at >= kPollPaceMin) {
    observation->quick = 0;
    Do(StartPoll{id});
  } else if (Move(*observation, Event::kPaced)) {
    Wait(now, *observation, Doubled(kPollPaceMin, ++observation->quick, kPollPaceMax));
  }
}

void Observations::OnEnded(ObservationId id, Answer error) {
  ++counters_.observations_ended;
  Do(EndWithError{id, std::move(error)});
}

void Observations::OnPollFailed(TimePoint now, ObservationId id, PollFailure failure,
                                Duration at_least, Answer* error) {
  Observation* observation = FindOwn(id);
  if (observation == nullptr || !Move(*observation, Event::kPollFailed)) return;
  ++counters_.polls_failed[static_cast<size_t>(failure)];
  ++observation->failures;
  if (observation->failures >= kPollFailuresTold && !observation->told && error != nullptr) {
    Do(TellFailure{id, std::move(*error)});
  }
  const Duration backoff = Doubled(kPollBackoffMin, observation->failures, kPollBackoffMax);
  const double off = config_.poll_jitter * static_cast<double>(random_.Below(1024)) / 1024;
  const auto jittered = std::chrono::duration_cast<Duration>(backoff * (1 - off));
  Wait(now, *observation, std::max(jittered, std::min<Duration>(at_least, kRetryAfterMax)));
}

void Observations::OnTokenAwaited(TimePoint now, ObservationId id, Answer error) {
  Observation* observation = FindOwn(id);
  if (observation == nullptr || !Move(*observation, Event::kTokenAwaited)) return;
  observation->refused = std::make_unique<Answer>(std::move(error));
  Wait(now, *observation, config_.token_wait);
}

void Observations::OnToken(SessionId session, const AccessToken& token) {
  for (const ObservationId id : Of(session)) {
    if (Find(id)->state == State::kAwaitingToken) PollWith(id, token);
  }
}

void Observations::PollWith(ObservationId id, const AccessToken& token) {
  Observation* observation = FindOwn(id);
  if (observation == nullptr) return;
  observation->refused = nullptr;
  Subscription& subscription = observation->subscription;
  subscription.access_token = token;
  subscription.awaits_token = false;  // once
  subscription.request.set_token(*token);
  Do(StartPoll{id});
}

void Observations::OnPollMadeRoom(TimePoint now, ObservationId id) {
  Observation* observation = FindOwn(id);
  if (observation == nullptr) return;
  Cancel(*observation);
  OnPollFailed(now, id, PollFailure::kNoRoom);
}

void Observations::OnNotified(ObservationId id, uint32_t number, message::SendId sent, bool whole) {
  Observation* observation = FindOwn(id);
  if (observation == nullptr || !Move(*observation, Event::kNotified)) return;
  ++counters_.notifications;
  // One at a time (RFC 7641 §4.5.1): this notification replaces the error.
  if (observation->told) Do(Abandon{observation->session(), *observation->told});
  observation->number = number;
  observation->notification = observation->sent = sent;
  observation->whole = whole;
}

void Observations::OnFailureTold(ObservationId id, message::SendId sent) {
  Observation* observation = FindOwn(id);
  if (observation == nullptr) return;
  ++counters_.failures_told;
  observation->told = sent;
}

void Observations::OnDelivered(TimePoint now, SessionId session, message::SendId sent) {
  Observation* observation = FindBySent(session, sent);
  if (observation == nullptr) return;
  if (!observation->whole) {  // the first block; its client asks for the next
    if (Move(*observation, Event::kBegun)) timers_.Set(observation->id, now + kNotificationGap);
    return;
  }
  ++counters_.notifications_acknowledged;
  observation->told.reset();
  observation->stalls = 0;
  Do(ReleaseBody{session, observation->id});
  observation->subscription.request.mutable_observe()->set_cursor(
      std::exchange(observation->offered, {}));
  Do(StartPoll{observation->id});
}

void Observations::OnRejected(TimePoint now, SessionId session, message::SendId sent) {
  const Observation* told = FindByTold(session, sent);
  Observation* observation = FindBySent(session, sent);
  if (told != nullptr || (observation != nullptr && sent == observation->notification)) {
    ++counters_.observations_cancelled;
    End(told != nullptr ? told->id : observation->id);
  } else if (observation != nullptr) {
    Stall(now, *observation);  // its block was for a transfer that has ended
  }
}

bool Observations::OnUndelivered(SessionId session, message::SendId sent) {
  Observation* observation = FindBySent(session, sent);
  if (observation == nullptr || !Move(*observation, Event::kUndelivered)) return false;
  ++counters_.notifications_parked;
  timers_.Cancel(observation->id);
  return true;
}

void Observations::OnRevived(ObservationId id) {
  if (Observation* observation = FindOwn(id)) Move(*observation, Event::kRevived);
}

void Observations::OnRevivedInVain(ObservationId id) {
  const Observation* observation = Find(id);
  if (observation == nullptr) return;
  Do(Abandon{observation->session(), observation->sent});
  Do(NotifyAgain{id});
}

void Observations::OnReplaced(SessionId session, message::SendId before, message::SendId sent,
                              bool whole) {
  for (const ObservationId id : Of(session)) {
    Observation& observation = by_id_.at(id);
    if (observation.told == before) observation.told = sent;
    if (observation.notification == before) observation.notification = sent;
    if (observation.sent != before) continue;
    observation.sent = sent;
    observation.whole = whole;
  }
}

// The client has the first block.
void Observations::OnBlockServed(TimePoint now, ObservationId id, const Fetch& fetch,
                                 message::SendId sent, bool last) {
  Observation* observation = FindOwn(id);
  if (observation == nullptr || !Move(*observation, Event::kFetched)) return;
  observation->fetch = fetch;
  if (!observation->whole) Do(Abandon{observation->session(), observation->sent});
  if (last && sent.value != 0) {
    observation->sent = sent;
    observation->whole = true;
    timers_.Cancel(id);
  } else if (!observation->whole) {
    timers_.Set(id, now + kNotificationGap);
  }
}

// Sends the same message: a client that has it can recognise it by its ID.
void Observations::OnActive(SessionId session) {
  for (const ObservationId id : Of(session)) {
    const Observation& observation = by_id_.at(id);
    if (observation.state != State::kParked) continue;
    if (observation.sent.value == 0) {
      ++counters_.observations_revived;
      Do(NotifyAgain{id});
    } else {
      Do(Revive{id, observation.sent});
    }
  }
}

void Observations::OnClientAway(SessionId session) {
  for (const ObservationId id : Of(session)) {
    Observation& observation = by_id_.at(id);
    if (!Move(observation, Event::kClientAway)) continue;
    ++counters_.observations_parked;
    Cancel(observation);
    observation.sent = {};
  }
}

bool Observations::Advance(TimePoint now) {
  const auto due = timers_.PopDue(now);
  if (!due) return false;
  Observation& observation = by_id_.at(*due);
  switch (observation.state) {
    case State::kPolling:  // the uplink missed the deadline
      Cancel(observation);
      OnPollFailed(now, *due, PollFailure::kUplink);
      break;
    case State::kWaiting: Do(NotifyAgain{*due}); break;
    case State::kAwaitingToken: OnEnded(*due, std::move(*observation.refused)); break;
    case State::kNotifying: Stall(now, observation); break;
    case State::kParked:
    case State::kCount: break;
  }
  return true;
}

void Observations::Stall(TimePoint now, Observation& observation) {
  if (!Move(observation, Event::kStalled)) return;
  ++counters_.notifications_stalled;
  Do(Abandon{observation.session(), observation.sent});
  Wait(now, observation, Doubled(kStallBackoffMin, ++observation.stalls, kStallBackoffMax));
}

void Observations::Wait(TimePoint now, Observation& observation, Duration duration) {
  timers_.Set(observation.id, now + duration);
}

ExchangeId Observations::TakePoll(Observation& observation) {
  const ExchangeId poll = std::exchange(observation.poll, 0);
  observation.subscription.place.Reset();
  observation.subscription.token_place.Reset();
  if (poll != 0) by_poll_.erase(poll);
  timers_.Cancel(observation.id);
  return poll;
}

void Observations::Cancel(Observation& observation) {
  const ExchangeId poll = TakePoll(observation);
  if (poll == 0) return;
  ++counters_.exchanges_cancelled;
  Do(CancelPoll{poll});
}

void Observations::Forget(const Observation& observation) {
  timers_.Cancel(observation.id);
  const auto own = by_session_.find(observation.session());
  std::erase(own->second, observation.id);
  if (own->second.empty()) by_session_.erase(own);
  by_id_.erase(observation.id);
}

const Observation* Observations::Find(ObservationId id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : &it->second;
}

Observation* Observations::FindOwn(ObservationId id) {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : &it->second;
}

Subscription* Observations::FindSubscription(ObservationId id) {
  Observation* observation = FindOwn(id);
  return observation == nullptr ? nullptr : &observation->subscription;
}

const Observation* Observations::FindByPoll(ExchangeId poll) const {
  const auto it = by_poll_.find(poll);
  return it == by_poll_.end() ? nullptr : Find(it->second);
}

const Observation* Observations::FindByToken(SessionId session, const coap::Token& token) const {
  for (const ObservationId id : Of(session)) {
    const Observation* observation = Find(id);
    if (observation->subscription.target.token == token) return observation;
  }
  return nullptr;
}

const Observation* Observations::FindTold(SessionId session, const TransferKey& key) const {
  for (const ObservationId id : Of(session)) {
    const Observation* observation = Find(id);
    const TransferKey& own = observation->subscription.target.key;
    if (observation->told && own.path == key.path && own.body == key.body) return observation;
  }
  return nullptr;
}

Observation* Observations::FindByTold(SessionId session, message::SendId sent) {
  for (const ObservationId id : Of(session)) {
    Observation* observation = FindOwn(id);
    if (observation->told == sent) return observation;
  }
  return nullptr;
}

Observation* Observations::FindBySent(SessionId session, message::SendId sent) {
  for (const ObservationId id : Of(session)) {
    Observation* observation = FindOwn(id);
    const bool waits =
        observation->state == State::kNotifying || observation->state == State::kParked;
    if (waits && observation->sent == sent) return observation;
  }
  return nullptr;
}

const std::vector<ObservationId>& Observations::Of(SessionId session) const {
  static const std::vector<ObservationId> none;
  const auto it = by_session_.find(session);
  return it == by_session_.end() ? none : it->second;
}

// An observation that awaits a token does not poll.
bool Observations::HasPollToSave(SessionId session) const {
  return std::ranges::any_of(Of(session), [&](ObservationId id) {
    return NextState(Find(id)->state, Event::kClientAway).has_value();
  });
}

bool Observations::IsStaleFetch(ObservationId id, const Fetch& fetch) const {
  const Observation* observation = Find(id);
  if (observation == nullptr) return false;
  const auto& earlier = observation->earlier_fetch;
  if (!earlier || earlier->token != fetch.token) return false;
  return static_cast<int16_t>(fetch.message_id - earlier->message_id) <= 0;
}

uint32_t NextObserveNumber(uint32_t number) {
  constexpr uint32_t kFirst = 2;
  constexpr uint32_t kEnd = 1u << 24;
  return number + 1 < kFirst || number + 1 >= kEnd ? kFirst : number + 1;
}

}  // namespace lowband::edge::request
