// The request layer's part of observations; observations.h has their states.
#include <utility>

#include "libs/base/overloaded.h"
#include "services/edge/request/error_answer.h"
#include "services/edge/request/layer.h"
#include "services/edge/request/limits.h"

namespace lowband::edge::request {
namespace {

PollFailure FailureOf(const Answer& answer) {
  // The uplink's own answers have no poll.
  if (!answer.poll) return PollFailure::kUplink;
  return answer.code.cls() == 4 ? PollFailure::kRefused : PollFailure::kUnavailable;
}

}  // namespace

void Layer::ServeObservations(TimePoint now) {
  while (auto action = observations_.PollAction()) {
    std::visit(
        Overloaded{
            [&](const Observations::StartPoll& start) { StartPoll(now, start.id); },
            [&](const Observations::CancelPoll& cancel) {
              commands_.emplace_back(CancelExchange{cancel.poll});
            },
            [&](Observations::Notify& notify) { Notify(now, notify.id, std::move(notify.news)); },
            [&](const Observations::NotifyAgain& again) { NotifyAgain(now, again.id); },
            [&](Observations::TellFailure& tell) {
              TellFailure(now, tell.id, std::move(tell.error));
            },
            [&](Observations::EndWithError& end) {
              EndWithError(now, end.id, std::move(end.error));
            },
            [&](const Observations::Revive& revive) { Revive(now, revive); },
            [&](const Observations::Abandon& abandon) {
              messages_.Abandon(now, abandon.session, abandon.sent);
            },
            [&](const Observations::ReleaseBody& release) {
              downloads_.Release(release.session, release.id);
            },
        },
        *action);
  }
}

// For a body by blocks, the option of the last one counts, which completes the request.
bool Layer::AsksToObserve(const Incoming& incoming, ByteView body) const {
  const RequestOptions& options = incoming.options;
  if (options.observe != 0u) return false;
  if (options.method == v1::FETCH) return body.size() <= kObservedBodyBytesMax;
  return options.method == v1::GET && !options.block1 && body.empty();
}

bool Layer::Deregister(TimePoint now, const Incoming& incoming) {
  const message::RequestRef& ref = incoming.arrived.ref;
  const coap::Token& token = incoming.arrived.message.token;
  const Observation* observation = observations_.FindByToken(ref.session, token);
  if (observation == nullptr) return false;
  ++counters_.observations_cancelled;
  observations_.End(observation->id);
  ServeObservations(now);
  const uint8_t empty_map = 0xa0;
  const std::string_view empty_object = "{}";
  const ResponseHead head{.code = coap::kContent, .content_format = incoming.form.content_format()};
  const ByteView body = incoming.form.cbor ? ByteView(&empty_map, 1) : AsBytes(empty_object);
  messages_.Respond(now, ref, WriteResponse(token, head, {}, body));
  return true;
}

void Layer::BeginObservation(TimePoint now, ExchangeId id) {
  const auto found = exchanges_.Find(id);
  // Unknown: cancelled, or reported before by a lane that died.
  if (!found || (*found)->held || (*found)->poll == nullptr) return;
  const SessionId session_id = (*found)->target.session;
  const Observation* earlier = observations_.FindByToken(session_id, (*found)->target.token);
  if (earlier == nullptr) {
    earlier = observations_.FindTold(session_id, (*found)->target.key);
  }
  const size_t own = observations_.Of(session_id).size() - (earlier != nullptr ? 1 : 0);
  Session& session = sessions_.at(session_id);
  Subscription subscription;
  subscription.places = (*found)->places;
  if (own < config_.observations_per_session_max) {
    subscription.booking = rooms_.observations.Take(
        now, session.holder, {HeldKind::kObservation, session_id, 0}, subscription.places);
  }
  if (subscription.booking) {
    subscription.place = rooms_.polls.Take(now, session.holder, {HeldKind::kPoll, session_id, 0},
                                           subscription.places);
  }
  if (!subscription.place) {
    ++counters_.observations_refused;
    return;  // its answer follows, and ends it
  }
  ++counters_.observations;
  Exchange exchange = Take(session, *found);
  subscription.token_place = std::move(exchange.token_place);
  subscription.target = std::move(exchange.target);
  subscription.request = std::move(*exchange.poll);
  subscription.access_token = std::move(exchange.access_token);
  subscription.awaits_token = exchange.awaits_token;
  uint32_t number = 0;
  if (earlier != nullptr) {
    ++counters_.observations_replaced;
    number = earlier->number;
    observations_.End(earlier->id);
    ServeObservations(now);
  }
  number = NextObserveNumber(number);
  const ObservationId added = observations_.Add(std::move(subscription), number);
  observations_.OnPollStarted(now, added, id, exchange.due);
  Subscription& booked = *observations_.FindSubscription(added);
  const Held poll{HeldKind::kPoll, session_id, added};
  booked.booking.Name({HeldKind::kObservation, session_id, added}, Rank::kNeeded);
  booked.place.Name(poll, Rank::kNeeded);
  booked.token_place.BecomePoll(poll);
  booked.token_place.Name(poll);
  // A piggybacked answer is never acknowledged, so the first body is a notification like the
  // others. Deployed clients take a body in this response for a sync result, and ignore an empty
  // one.
  messages_.Respond(
      now, exchange.ref,
      WriteResponse(booked.target.token, {.code = coap::kContent}, {.observe = number}, {}));
}

bool Layer::TakePollPlaces(TimePoint now, ObservationId id, Subscription& subscription) {
  const SessionId session = subscription.target.session;
  const Held held{HeldKind::kPoll, session, id};
  subscription.place =
      rooms_.polls.Take(now, sessions_.at(session).holder, held, subscription.places, Rank::kNeeded,
                        subscription.attempts.place);
  if (!subscription.place) {
    subscription.attempts.place = admission::Attempt::kAgain;
    return false;
  }
  if (subscription.access_token) {
    auto place = rooms_.tokens.TakePoll(rooms_.tokens.IdOf(*subscription.access_token), held,
                                        subscription.attempts.token_place);
    if (!place) {
      subscription.attempts.token_place = admission::Attempt::kAgain;
      subscription.place.Reset();
      return false;
    }
    subscription.token_place = std::move(*place);
  }
  subscription.attempts = {};
  return true;
}

void Layer::StartPoll(TimePoint now, ObservationId id) {
  Subscription* subscription = observations_.FindSubscription(id);
  if (subscription == nullptr) return;
  if (!TakePollPlaces(now, id, *subscription)) {
    observations_.OnPollFailed(now, id, PollFailure::kNoRoom);
    return;
  }
  ++counters_.polls;
  const SessionId session_id = subscription->target.session;
  Session& session = sessions_.at(session_id);
  v1::Request request = subscription->request;
  request.set_client_address(session.client_address);
  const ExchangeId poll = exchanges_.NextId();
  const TimePoint deadline = now + config_.exchange_timeout;
  observations_.OnPollStarted(now, id, poll, deadline + kExchangeGrace);
  silent_.Watch(now, session_id);
  commands_.emplace_back(StartExchange{poll, std::move(request), deadline});
}

void Layer::OnPolled(TimePoint now, ObservationId id, Answer answer) {
  observations_.OnAnswer(id);
  const Subscription& subscription = *observations_.FindSubscription(id);
  const v1::Poll poll = answer.poll.value_or(v1::Poll());
  auto outcome = poll.outcome();
  if (answer.token_taken && subscription.access_token) {
    const SessionId session = subscription.target.session;
    Prove(now, session, sessions_.at(session), subscription.access_token);
  }
  if (outcome == v1::Poll::CHANGED && poll.cursor().size() > kCursorBytesMax) {
    outcome = v1::Poll::FAILED;
    answer = MakeErrorAnswer(0, subscription.target.form, 502, "M_UNKNOWN",
                             "The translator's cursor is too large", config_.codes);
  }
  switch (outcome) {
    case v1::Poll::CHANGED: observations_.OnChanged(id, poll.cursor(), std::move(answer)); break;
    case v1::Poll::UNCHANGED: observations_.OnUnchanged(now, id); break;
    case v1::Poll::ENDED:
      if (!WaitsForToken(now, id, answer)) observations_.OnEnded(id, std::move(answer));
      break;
    default:
      observations_.OnPollFailed(now, id, FailureOf(answer),
                                 std::chrono::seconds(poll.retry_after_s()), &answer);
      break;
  }
  ServeObservations(now);
}

bool Layer::WaitsForToken(TimePoint now, ObservationId id, Answer& answer) {
  const Subscription& subscription = *observations_.FindSubscription(id);
  Session& session = sessions_.at(subscription.target.session);
  if (answer.token_refused && session.sticky.OnRefused(subscription.access_token)) {
    ++counters_.tokens_refused;
  }
  if (!subscription.awaits_token || (!answer.token_refused && !answer.token_missing)) return false;
  if (session.sticky.token() && !session.sticky.refused()) {
    observations_.PollWith(id, session.sticky.token());
    return true;
  }
  if (!AwaitsToken(now, session)) return false;
  observations_.OnTokenAwaited(now, id, std::move(answer));
  return true;
}

// Without Observe (RFC 7641 §4.2). A loss does little harm: a notification or another error
// follows.
void Layer::TellFailure(TimePoint now, ObservationId id, Answer error) {
  const Observation* observation = observations_.Find(id);
  if (observation == nullptr) return;
  auto first = WriteFirst(now, observation->subscription.target, std::move(error), {});
  if (!first) return;
  const message::SendId sent = SendFirst(now, observation->session(), std::move(*first));
  if (sent.value != 0) observations_.OnFailureTold(id, sent);
}

void Layer::Notify(TimePoint now, ObservationId id, Answer news) {
  const Observation* observation = observations_.Find(id);
  if (observation == nullptr) return;
  const uint32_t number = NextObserveNumber(observation->number);
  auto first = WriteFirst(now, observation->subscription.target, std::move(news), {id, number});
  if (!first) {  // no room at the edge
    observations_.OnPollFailed(now, id, PollFailure::kNoRoom);
    return;
  }
  SendNotification(now, *observation, number, std::move(*first));
}

// Sends the same body, so that a client that has it, or a part of it, can recognise it.
void Layer::NotifyAgain(TimePoint now, ObservationId id) {
  const Observation* observation = observations_.Find(id);
  if (observation == nullptr) return;
  const auto download = downloads_.FindNotification(observation->session(), id);
  if (!download) return StartPoll(now, id);
  const uint32_t number = NextObserveNumber(observation->number);
  const ResponseTarget& target = observation->subscription.target;
  SendNotification(now, *observation, number,
                   WriteFirstBlockOf(*download, target, SzxFor(target), {id, number}));
}

void Layer::SendNotification(TimePoint now, const Observation& observation, uint32_t number,
                             FirstMessage first) {
  const ObservationId id = observation.id;
  const SessionId session = observation.session();
  const bool whole = first.whole;
  const message::SendId sent = SendFirst(now, session, std::move(first));
  if (sent.value == 0) {
    downloads_.Release(session, id);
    observations_.OnPollFailed(now, id, PollFailure::kNoRoom);
    return;
  }
  observations_.OnNotified(id, number, sent, whole);
}

message::SendId Layer::SendFirst(TimePoint now, SessionId session, FirstMessage first) {
  const message::SendId sent = messages_.SendConfirmable(now, session, std::move(first.message));
  if (first.download) downloads_.Served(now, *first.download, sent, first.whole);
  return sent;
}

// RFC 7641 §4.2: without Observe.
void Layer::EndWithError(TimePoint now, ObservationId id, Answer error) {
  const Observation* observation = observations_.Find(id);
  if (observation == nullptr) return;
  const SessionId session = observation->session();
  auto first = WriteFirst(now, observation->subscription.target, std::move(error), {});
  const auto sent = first ? SendFirst(now, session, std::move(*first)) : message::SendId();
  observations_.End(id);
  if (sent.value != 0) {
    sessions_.at(session).farewells.push_back(sent);
  } else {
    ends_.push_back({session, EndReason::kUntold});
  }
}

void Layer::Revive(TimePoint now, const Observations::Revive& revive) {
  const Observation* observation = observations_.Find(revive.id);
  if (observation == nullptr) return;
  if (messages_.Revive(now, observation->session(), revive.sent)) {
    observations_.OnRevived(revive.id);
  } else {
    observations_.OnRevivedInVain(revive.id);
  }
}

bool Layer::EndFarewell(SessionId session_id, message::SendId sent) {
  const auto session = sessions_.find(session_id);
  return session != sessions_.end() && std::erase(session->second.farewells, sent) > 0;
}

void Layer::OnDelivered(TimePoint now, SessionId session, message::SendId sent) {
  if (EndFarewell(session, sent)) return;
  observations_.OnDelivered(now, session, sent);
  ServeObservations(now);
}

void Layer::OnRejected(TimePoint now, const message::Rejected& rejected) {
  const auto& [session, sent, unusable] = rejected;
  if (EndFarewell(session, sent)) {
    if (unusable) ends_.push_back({session, EndReason::kUntold});
    return;
  }
  observations_.OnRejected(now, session, sent);
  ServeObservations(now);
}

void Layer::OnUndelivered(TimePoint now, SessionId session, message::SendId sent) {
  if (observations_.OnUndelivered(session, sent)) return;
  messages_.Abandon(now, session, sent);  // no observation will revive it
  // A client that does not know that its observation has ended would listen for ever.
  if (EndFarewell(session, sent)) ends_.push_back({session, EndReason::kUntold});
}

}  // namespace lowband::edge::request
