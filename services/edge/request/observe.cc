// What the request layer does with observations; observation.h has their states.
#include <algorithm>
#include <utility>

#include "services/edge/request/error_answer.h"
#include "services/edge/request/layer.h"
#include "services/edge/request/limits.h"

namespace lowband::edge::request {
namespace {

using State = Observation::State;

// `base` doubled for each of `count` times after the first, at most `max`.
Duration Doubled(Duration base, unsigned count, Duration max) {
  constexpr unsigned kDoublingsMax = 16;
  return std::min<Duration>(base * (1 << std::min(std::max(count, 1u) - 1, kDoublingsMax)), max);
}

PollFailure FailureOf(const Answer& answer) {
  // What the uplink answers itself says nothing of polls.
  if (!answer.poll) return PollFailure::kUplink;
  return answer.code.cls() == 4 ? PollFailure::kRefused : PollFailure::kUnavailable;
}

}  // namespace

bool Layer::AsksToObserve(const Incoming& incoming) const {
  const RequestOptions& options = incoming.options;
  return options.observe == 0u && !options.block1 && incoming.arrived.message.payload.empty() &&
         (options.method == v1::GET || options.method == v1::FETCH);
}

bool Layer::Deregister(TimePoint now, const Incoming& incoming) {
  const message::RequestRef& ref = incoming.arrived.ref;
  const coap::Token& token = incoming.arrived.message.token;
  Observation* observation = observations_.FindByToken(ref.session, token);
  if (observation == nullptr) return false;
  ++counters_.observations_cancelled;
  EndObservation(now, *observation);
  const uint8_t empty_map = 0xa0;
  const std::string_view empty_object = "{}";
  const ResponseHead head{.code = coap::kContent, .content_format = incoming.form.content_format()};
  const ByteView body = incoming.form.cbor ? ByteView(&empty_map, 1) : AsBytes(empty_object);
  messages_.Respond(now, ref, WriteResponse(token, head, {}, body));
  return true;
}

void Layer::BeginObservation(TimePoint now, ExchangeId id) {
  const auto found = exchanges_.Find(id);
  // Unknown: cancelled, or told before, by a lane that has died since.
  if (!found || (*found)->held || (*found)->poll == nullptr) return;
  const SessionId session_id = (*found)->target.session;
  Observation* earlier = observations_.FindByToken(session_id, (*found)->target.token);
  if (earlier == nullptr) {
    earlier = observations_.FindTold(session_id, (*found)->target.key.path);
  }
  const size_t own = observations_.Of(session_id).size() - (earlier != nullptr ? 1 : 0);
  Session& session = sessions_.at(session_id);
  Observation observation;
  observation.places = (*found)->places;
  if (own < config_.observations_per_session_max) {
    observation.booking =
        rooms_.observations.Take(now, session.holder, {HeldKind::kObservation, session_id, 0}, 1);
  }
  if (observation.booking) {
    observation.place = rooms_.polls.Take(now, session.holder, {HeldKind::kPoll, session_id, 0},
                                          observation.places);
  }
  if (!observation.place) {
    ++counters_.observations_refused;
    return;  // answered once, by what comes
  }
  ++counters_.observations;
  Exchange exchange = Take(session, *found);
  observation.token_place = std::move(exchange.token_place);
  observation.target = std::move(exchange.target);
  observation.request = std::move(*exchange.poll);
  observation.access_token = std::move(exchange.access_token);
  observation.awaits_token = exchange.awaits_token;
  observation.polled_at = now;
  if (earlier != nullptr) {
    ++counters_.observations_replaced;
    observation.number = earlier->number;
    EndObservation(now, *earlier);
  }
  observation.number = NextObserveNumber(observation.number);
  Observation& added = observations_.Add(std::move(observation));
  const Held poll{HeldKind::kPoll, session_id, added.id};
  added.booking.Name({HeldKind::kObservation, session_id, added.id}, Rank::kNeeded);
  added.place.Name(poll, Rank::kNeeded);
  added.token_place.BecomePoll(poll);
  added.token_place.Name(poll);
  observations_.SetPoll(added, id, exchange.due);
  // An answer that rides on the ACK is never acknowledged itself, so that the first body is a
  // notification like the others. Deployed clients take a body here for a sync result, and pass
  // over none.
  messages_.Respond(
      now, exchange.ref,
      WriteResponse(added.target.token, {.code = coap::kContent}, {.observe = added.number}, {}));
}

bool Layer::TakePollPlaces(TimePoint now, Observation& observation) {
  const SessionId session = observation.target.session;
  const Held held{HeldKind::kPoll, session, observation.id};
  observation.place = rooms_.polls.Take(now, sessions_.at(session).holder, held, observation.places,
                                        Rank::kNeeded, observation.attempts.place);
  if (!observation.place) {
    observation.attempts.place = admission::Attempt::kAgain;
    return false;
  }
  if (observation.access_token) {
    auto place = rooms_.tokens.TakePoll(rooms_.tokens.IdOf(*observation.access_token), held,
                                        observation.attempts.token_place);
    if (!place) {
      observation.attempts.token_place = admission::Attempt::kAgain;
      observation.place.Reset();
      return false;
    }
    observation.token_place = std::move(*place);
  }
  observation.attempts = {};
  return true;
}

void Layer::Poll(TimePoint now, Observation& observation) {
  if (!TakePollPlaces(now, observation)) {
    OnPollFailed(now, observation, PollFailure::kNoRoom);
    return;
  }
  ++counters_.polls;
  observation.polled_at = now;
  v1::Request request = observation.request;
  request.set_client_address(sessions_.at(observation.target.session).client_address);
  const ExchangeId id = exchanges_.NextId();
  const TimePoint deadline = now + config_.exchange_timeout;
  observations_.SetPoll(observation, id, deadline + kExchangeGrace);
  const SessionId session = observation.target.session;
  WatchSilence(now, session, sessions_.at(session).silence);
  commands_.emplace_back(StartExchange{id, std::move(request), deadline});
}

void Layer::Wait(TimePoint now, Observation& observation, Duration duration) {
  observation.state = State::kWaiting;
  observations_.SetTimer(observation, now + duration);
}

void Layer::OnPolled(TimePoint now, Observation& observation, Answer answer) {
  observations_.TakePoll(observation);
  const v1::Poll poll = answer.poll.value_or(v1::Poll());
  auto outcome = poll.outcome();
  if (answer.token_taken && observation.access_token) {
    const SessionId session = observation.target.session;
    Prove(now, session, sessions_.at(session), observation.access_token);
  }
  if (outcome == v1::Poll::CHANGED && poll.cursor().size() > kCursorBytesMax) {
    outcome = v1::Poll::FAILED;
    answer = MakeErrorAnswer(0, observation.target.form, 502, "M_UNKNOWN",
                             "The translator's cursor is too large", config_.codes);
  }
  switch (outcome) {
    case v1::Poll::CHANGED:
      observation.failures = observation.quick = 0;
      observation.offered = poll.cursor();
      Notify(now, observation, std::move(answer));
      return;
    case v1::Poll::UNCHANGED: {
      observation.failures = 0;
      ++counters_.polls_unchanged;
      if (now - observation.polled_at >= kPollPaceMin) {
        observation.quick = 0;
        Poll(now, observation);
      } else {
        Wait(now, observation, Doubled(kPollPaceMin, ++observation.quick, kPollPaceMax));
      }
      return;
    }
    case v1::Poll::ENDED:
      if (WaitsForToken(now, observation, answer)) return;
      ++counters_.observations_ended;
      EndWithError(now, observation, std::move(answer));
      return;
    default:
      OnPollFailed(now, observation, FailureOf(answer), std::chrono::seconds(poll.retry_after_s()),
                   &answer);
      return;
  }
}

bool Layer::WaitsForToken(TimePoint now, Observation& observation, Answer& answer) {
  Session& session = sessions_.at(observation.target.session);
  if (answer.token_refused && session.sticky.OnRefused(observation.access_token)) {
    ++counters_.tokens_refused;
  }
  if (!observation.awaits_token || (!answer.token_refused && !answer.token_missing)) return false;
  if (session.sticky.token() && !session.sticky.refused()) {
    observation.awaits_token = false;
    observation.access_token = session.sticky.token();
    observation.request.set_token(*observation.access_token);
    Poll(now, observation);
    return true;
  }
  if (!AwaitsToken(now, session)) return false;
  observation.refused = std::make_unique<Answer>(std::move(answer));
  Wait(now, observation, config_.token_wait);
  return true;
}

void Layer::OnPollFailed(TimePoint now, Observation& observation, PollFailure failure,
                         Duration at_least, Answer* answer) {
  ++counters_.polls_failed[static_cast<size_t>(failure)];
  ++observation.failures;
  if (observation.failures >= kPollFailuresTold && !observation.told && answer != nullptr) {
    TellOfFailure(now, observation, std::move(*answer));
  }
  const Duration backoff = Doubled(kPollBackoffMin, observation.failures, kPollBackoffMax);
  const double off = config_.poll_jitter * static_cast<double>(random_.Below(1024)) / 1024;
  const auto jittered = std::chrono::duration_cast<Duration>(backoff * (1 - off));
  Wait(now, observation, std::max(jittered, std::min<Duration>(at_least, kRetryAfterMax)));
}

// Without Observe (RFC 7641 §4.2). Whether it arrives matters little: news follow, or another one.
void Layer::TellOfFailure(TimePoint now, Observation& observation, Answer answer) {
  auto first = WriteFirst(now, observation.target, std::move(answer), {});
  if (!first) return;
  const SessionId session = observation.target.session;
  const auto sent = messages_.SendConfirmable(now, session, std::move(first->message));
  if (first->pinned) downloads_.Served(now, *first->pinned, sent, first->whole);
  if (sent.value == 0) return;
  if (observation.told) messages_.Abandon(now, session, *observation.told);
  ++counters_.failures_told;
  observation.told = sent;
}

void Layer::Notify(TimePoint now, Observation& observation, Answer answer) {
  const uint32_t number = NextObserveNumber(observation.number);
  observation.earlier_fetch = std::exchange(observation.fetch, std::nullopt);
  auto first = WriteFirst(now, observation.target, std::move(answer), {observation.id, number});
  if (!first) {  // no room: not the client's doing
    OnPollFailed(now, observation, PollFailure::kNoRoom);
    return;
  }
  SendNotification(now, observation, number, std::move(*first));
}

// The same body once more, so that a client that has it, or some of it, sees that it has.
void Layer::NotifyAgain(TimePoint now, Observation& observation) {
  const auto pinned = downloads_.FindNotification(observation.target.session, observation.id);
  if (!pinned) {
    Poll(now, observation);
    return;
  }
  const uint32_t number = NextObserveNumber(observation.number);
  SendNotification(now, observation, number,
                   WriteFirstBlockOf(*pinned, observation.target, SzxFor(observation.target),
                                     {observation.id, number}));
}

void Layer::SendNotification(TimePoint now, Observation& observation, uint32_t number,
                             FirstMessage first) {
  const SessionId session = observation.target.session;
  const message::SendId sent = messages_.SendConfirmable(now, session, std::move(first.message));
  if (first.pinned) downloads_.Served(now, *first.pinned, sent, first.whole);
  if (sent.value == 0) {
    downloads_.Release(session, observation.id);
    OnPollFailed(now, observation, PollFailure::kNoRoom);
    return;
  }
  ++counters_.notifications;
  // One at a time (RFC 7641 §4.5.1): the error is no news any more.
  if (observation.told) messages_.Abandon(now, session, *observation.told);
  observation.number = number;
  observation.state = State::kNotifying;
  observation.notification = observation.sent = sent;
  observation.whole = first.whole;
  if (config_.canary_advance_early && observation.whole) OnDelivered(now, session, sent);
}

void Layer::EndWithError(TimePoint now, Observation& observation, Answer answer) {
  // RFC 7641 §4.2: without Observe.
  const SessionId session = observation.target.session;
  auto first = WriteFirst(now, observation.target, std::move(answer), {});
  message::SendId sent;
  if (first) {
    sent = messages_.SendConfirmable(now, session, std::move(first->message));
    if (first->pinned) downloads_.Served(now, *first->pinned, sent, first->whole);
  }
  EndObservation(now, observation);
  if (sent.value != 0) {
    sessions_.at(session).farewells.push_back(sent);
  } else {
    ends_.push_back({session, EndReason::kUntold});
  }
}

bool Layer::EndFarewell(SessionId session_id, message::SendId sent) {
  const auto session = sessions_.find(session_id);
  return session != sessions_.end() && std::erase(session->second.farewells, sent) > 0;
}

void Layer::EndObservation(TimePoint now, Observation& observation) {
  CancelPoll(observation);
  const SessionId session = observation.target.session;
  downloads_.Release(session, observation.id);
  if (observation.sent.value != 0) messages_.Abandon(now, session, observation.sent);
  if (observation.told) messages_.Abandon(now, session, *observation.told);
  observations_.Erase(observation.id);
}

void Layer::CancelPoll(Observation& observation) {
  const ExchangeId poll = observations_.TakePoll(observation);
  if (poll == 0) return;
  ++counters_.exchanges_cancelled;
  commands_.emplace_back(CancelExchange{poll});
}

void Layer::Park(Observation& observation) {
  ++counters_.observations_parked;
  CancelPoll(observation);
  observation.state = State::kParked;
  observation.sent = {};
  observations_.CancelTimer(observation);
}

bool Layer::IsStaleFetch(const Incoming& incoming, ObservationId id) {
  const Observation* observation = observations_.Find(id);
  // Inside an ACK it names the block that it follows.
  if (observation == nullptr || incoming.arrived.acknowledges.value != 0) return false;
  const auto& earlier = observation->earlier_fetch;
  if (!earlier || earlier->token != incoming.arrived.message.token) return false;
  return static_cast<int16_t>(incoming.arrived.ref.message_id - earlier->message_id) <= 0;
}

// A block of the notification's body was sent, as CON if `sent` is not 0: the client has the first.
void Layer::OnBlockServed(TimePoint now, const Incoming& incoming, ObservationId id,
                          message::SendId sent, bool last) {
  Observation* observation = observations_.Find(id);
  if (observation == nullptr || observation->state == State::kPolling) return;
  observation->state = State::kNotifying;
  observation->fetch = {incoming.arrived.message.token, incoming.arrived.ref.message_id};
  if (!observation->whole) messages_.Abandon(now, observation->target.session, observation->sent);
  if (last && sent.value != 0) {
    observation->sent = sent;
    observation->whole = true;
    observations_.CancelTimer(*observation);
  } else if (!observation->whole) {
    observations_.SetTimer(*observation, now + kNotificationGap);
  }
}

void Layer::OnDelivered(TimePoint now, SessionId session, message::SendId sent) {
  if (EndFarewell(session, sent)) return;
  Observation* observation = observations_.FindBySent(session, sent);
  if (observation == nullptr) return;
  if (!observation->whole) {  // the first block; its client asks for the next
    observation->state = State::kNotifying;
    observations_.SetTimer(*observation, now + kNotificationGap);
    return;
  }
  ++counters_.notifications_acknowledged;
  observation->told.reset();
  observation->stalls = 0;
  downloads_.Release(session, observation->id);
  observation->request.mutable_observe()->set_cursor(std::exchange(observation->offered, {}));
  Poll(now, *observation);
}

void Layer::OnRejected(TimePoint now, const message::Rejected& rejected) {
  const auto& [session, sent, unusable] = rejected;
  if (EndFarewell(session, sent)) {
    if (unusable) ends_.push_back({session, EndReason::kUntold});
    return;
  }
  Observation* observation = observations_.FindBySent(session, sent);
  if (Observation* told = observations_.FindByTold(session, sent)) {
    ++counters_.observations_cancelled;
    EndObservation(now, *told);
    return;
  }
  if (observation == nullptr) return;
  if (sent == observation->notification) {
    ++counters_.observations_cancelled;
    EndObservation(now, *observation);
  } else {
    Stall(now, *observation);  // it was asked for by a transfer that has ended since
  }
}

void Layer::OnUndelivered(TimePoint now, SessionId session, message::SendId sent) {
  Observation* observation = observations_.FindBySent(session, sent);
  if (observation == nullptr) {  // nobody will revive it
    messages_.Abandon(now, session, sent);
    // Who was not told that its observation has ended would listen for ever.
    if (EndFarewell(session, sent)) ends_.push_back({session, EndReason::kUntold});
    return;
  }
  ++counters_.notifications_parked;
  observation->state = State::kParked;
  observations_.CancelTimer(*observation);
}

// The same message, which a client that has it all may know again by its ID.
void Layer::OnHeard(TimePoint now, SessionId session) {
  for (const ObservationId id : std::vector<ObservationId>(observations_.Of(session))) {
    Observation& observation = *observations_.Find(id);
    if (observation.state != State::kParked) continue;
    if (observation.sent.value == 0) {
      ++counters_.observations_revived;
      NotifyAgain(now, observation);
    } else if (messages_.Revive(now, session, observation.sent)) {
      observation.state = State::kNotifying;
    } else {
      messages_.Abandon(now, session, observation.sent);
      NotifyAgain(now, observation);
    }
  }
}

void Layer::OnReplaced(SessionId session, message::SendId before, message::SendId sent,
                       bool whole) {
  std::ranges::replace(sessions_.at(session).farewells, before, sent);
  for (const ObservationId id : observations_.Of(session)) {
    Observation& observation = *observations_.Find(id);
    if (observation.told == before) observation.told = sent;
    if (observation.notification == before) observation.notification = sent;
    if (observation.sent != before) continue;
    observation.sent = sent;
    observation.whole = whole;
  }
}

void Layer::Stall(TimePoint now, Observation& observation) {
  ++counters_.notifications_stalled;
  messages_.Abandon(now, observation.target.session, observation.sent);
  Wait(now, observation, Doubled(kStallBackoffMin, ++observation.stalls, kStallBackoffMax));
}

void Layer::OnObservationDue(TimePoint now, Observation& observation) {
  switch (observation.state) {
    case State::kPolling:  // the uplink let the deadline pass
      CancelPoll(observation);
      OnPollFailed(now, observation, PollFailure::kUplink);
      return;
    case State::kWaiting:
      if (observation.refused != nullptr) {
        Answer refused = std::move(*observation.refused);
        ++counters_.observations_ended;
        EndWithError(now, observation, std::move(refused));
        return;
      }
      NotifyAgain(now, observation);
      return;
    case State::kNotifying: Stall(now, observation); return;
    case State::kParked: return;
  }
}

}  // namespace lowband::edge::request
