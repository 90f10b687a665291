#include <algorithm>
#include <cstdlib>
#include <utility>

#include "services/edge/message/layer.h"
#include "services/edge/message/limits.h"

namespace lowband::edge::message {

using State = ReceivedRequest::State;

SendId Layer::Respond(TimePoint now, const RequestRef& ref, Bytes message,
                      OnDuplicate on_duplicate) {
  Session* session = Find(ref.session);
  if (session == nullptr) return {};
  const auto found = requests_.FindSerial(session->requests, ref.serial);
  if (!found) return {};
  switch ((*found)->state) {
    case State::kUnacknowledged:
      Piggyback(now, *session, *found, std::move(message), on_duplicate);
      return {};
    case State::kAcknowledged: return RespondSeparately(now, *session, *found, std::move(message));
    case State::kAwaited:
      if (ref.arrival == Arrival::kInAcknowledgement) {
        return RespondSeparately(now, *session, *found, std::move(message));
      }
      ++counters_.answers_non;
      SendOnce(now, ref.session, *session, ref.message_id, std::move(message));
      Ignore(now, *session, ref.message_id);
      requests_.Erase(session->requests, *found);
      return {};
    case State::kPiggybacked:
    case State::kSeparate:
    case State::kUndelivered: return {};
  }
  std::abort();
}

void Layer::Piggyback(TimePoint now, Session& session, Deduplication::Entry request, Bytes message,
                      OnDuplicate on_duplicate) {
  ++counters_.answers_piggybacked;
  const RequestRef& ref = request->ref;
  coap::StampTypeAndId(message, coap::Type::kAcknowledgement, ref.message_id);
  out_.Push(ref.session, message);
  if (on_duplicate == OnDuplicate::kAskAgain) {
    requests_.Erase(session.requests, request);
    return;
  }
  requests_.Answer(now, session.requests, request, State::kPiggybacked, std::move(message));
  KeepWithinLimits(now, session);
}

SendId Layer::RespondSeparately(TimePoint now, Session& session, Deduplication::Entry request,
                                Bytes message) {
  const RequestRef ref = request->ref;
  if (!TakePlace(now, ref.session, session)) {
    SendUnreliably(now, session, request, std::move(message));
    return {};
  }
  return SendSeparately(now, session, request, std::move(message));
}

// In a place that was taken.
SendId Layer::SendSeparately(TimePoint now, Session& session, Deduplication::Entry request,
                             Bytes message) {
  ++counters_.answers_separate;
  const RequestRef ref = request->ref;
  const SendId id = SendUntilAcknowledged(now, ref.session, session, ref.message_id, ref.serial,
                                          std::move(message));
  requests_.Answer(now, session.requests, request, State::kSeparate, {});
  KeepWithinLimits(now, session);
  return id;
}

// The client would wait for ever if this got lost: once heard again, it gets the answer as CON.
void Layer::SendUnreliably(TimePoint now, Session& session, Deduplication::Entry request,
                           Bytes message) {
  ++counters_.answers_non;
  ++counters_.answers_unreliable;
  const RequestRef ref = request->ref;
  SendOnce(now, ref.session, session, ref.message_id, message);
  requests_.Answer(now, session.requests, request, State::kSeparate, {});
  requests_.GiveUp(now, session.requests, request, std::move(message));
  KeepWithinLimits(now, session);
}

void Layer::RespondNothing(TimePoint now, const RequestRef& ref) {
  Session* session = Find(ref.session);
  if (session == nullptr) return;
  const auto found = requests_.FindSerial(session->requests, ref.serial);
  if (!found) return;
  switch ((*found)->state) {
    case State::kUnacknowledged:
      SendEmpty(ref.session, coap::Type::kAcknowledgement, ref.message_id);
      requests_.Acknowledge(*found);
      [[fallthrough]];
    case State::kAcknowledged:
      requests_.Answer(now, session->requests, *found, State::kSeparate, {});
      EndRequest(*session, ref.serial);
      KeepWithinLimits(now, *session);
      return;
    case State::kAwaited:
      if (ref.arrival == Arrival::kNonConfirmable) Ignore(now, *session, ref.message_id);
      requests_.Erase(session->requests, *found);
      return;
    case State::kPiggybacked:
    case State::kSeparate:
    case State::kUndelivered: return;
  }
}

SendId Layer::RespondConfirmably(TimePoint now, const RequestRef& ref, Bytes message) {
  Session* session = Find(ref.session);
  if (session == nullptr) return {};
  const auto found = requests_.FindSerial(session->requests, ref.serial);
  if (!found) return {};
  switch ((*found)->state) {
    case State::kUnacknowledged:
      SendEmpty(ref.session, coap::Type::kAcknowledgement, ref.message_id);
      requests_.Acknowledge(*found);
      break;
    case State::kAcknowledged:
    case State::kAwaited: break;
    case State::kPiggybacked:
    case State::kSeparate:
    case State::kUndelivered: return {};
  }
  if (!TakePlace(now, ref.session, *session)) {
    SendUnreliably(now, *session, *found, std::move(message));
    return {};
  }
  ++counters_.answers_separate;
  // Independent of its request from here on: kept for Revive() if it is given up.
  requests_.Answer(now, session->requests, *found, State::kSeparate, {});
  EndRequest(*session, ref.serial);
  KeepWithinLimits(now, *session);
  return SendUntilAcknowledged(now, ref.session, *session, ref.message_id, 0, std::move(message));
}

SendId Layer::RespondChained(TimePoint now, const RequestRef& ref, Bytes message) {
  Session* session = Find(ref.session);
  if (session == nullptr) return {};
  const auto found = requests_.FindSerial(session->requests, ref.serial);
  if (found && (*found)->state == State::kUnacknowledged && TakePlace(now, ref.session, *session)) {
    SendEmpty(ref.session, coap::Type::kAcknowledgement, ref.message_id);
    requests_.Acknowledge(*found);
    return SendSeparately(now, *session, *found, std::move(message));
  }
  return Respond(now, ref, std::move(message), OnDuplicate::kAskAgain);
}

bool Layer::Revive(TimePoint now, SessionId session_id, SendId id) {
  if (confirmables_.Find(id) != nullptr) return true;
  Session* session = Find(session_id);
  if (session == nullptr) return false;
  const auto find = [&] {
    const auto sent = std::ranges::find(session->sent, id, &SentConfirmable::id);
    return sent == session->sent.end() || sent->notification.empty() ? nullptr : &*sent;
  };
  if (find() == nullptr || !TakePlace(now, session_id, *session)) return false;
  SentConfirmable* sent = find();
  if (sent == nullptr) {  // it was forgotten for the CONs that made room
    places_.Return(OwnerOf(session_id));
    return false;
  }
  SendAnew(now, session_id, *session, *sent, std::exchange(sent->notification, {}));
  return true;
}

// In a place that was taken.
void Layer::SendAnew(TimePoint now, SessionId session_id, Session& session, SentConfirmable& sent,
                     Bytes message) {
  ++counters_.retried;
  LeaveUntold(sent.id);
  sent.given_up = sent.undelivered = false;
  session.RenewId(now, sent, random_);
  coap::StampTypeAndId(message, coap::Type::kConfirmable, sent.message_id);
  out_.Push(session_id, message);
  places_.Begin(sent.id, OwnerOf(session_id));
  confirmables_.AddAgain(now, sent.id,
                         {session_id, sent.request, sent.message_id, std::move(message)},
                         session.round_trips);
}

void Layer::Repeat(const RepeatedInVain& in_vain) {
  if (in_vain.id.value != 0) return RepeatConfirmable(in_vain.id);
  const Session* session = Find(in_vain.session);
  if (session == nullptr) return;
  const auto request = requests_.FindSerial(session->requests, in_vain.request.serial);
  if (request && (*request)->state == State::kPiggybacked) {
    out_.Push(in_vain.session, (*request)->answer);
  }
}

void Layer::RepeatConfirmable(SendId id) {
  const Confirmable* confirmable = confirmables_.Find(id);
  if (confirmable == nullptr) return;
  ++counters_.retransmissions;
  out_.Push(confirmable->session, confirmable->message);
}

SendId Layer::Replace(TimePoint now, const RepeatedInVain& in_vain, Bytes message) {
  Session* session = Find(in_vain.session);
  if (session == nullptr) return {};
  if (in_vain.id.value == 0) {
    const auto request = requests_.FindSerial(session->requests, in_vain.request.serial);
    if (!request || (*request)->state != State::kPiggybacked) return {};
    coap::StampTypeAndId(message, coap::Type::kAcknowledgement, in_vain.request.message_id);
    out_.Push(in_vain.session, message);
    requests_.Replace(session->requests, *request, std::move(message));
    return {};
  }
  const auto before = confirmables_.Take(in_vain.id);
  if (!before) return {};
  places_.Vacate(in_vain.id);
  if (SentConfirmable* sent = session->MarkGivenUp(now, in_vain.id)) {
    sent->request = 0;
    sent->replaced = true;
  }
  return SendUntilAcknowledged(now, in_vain.session, *session, before->message_id, before->request,
                               std::move(message));
}

SendId Layer::SendConfirmable(TimePoint now, SessionId session_id, Bytes message) {
  Session& session = Touch(now, session_id);
  if (!TakePlace(now, session_id, session)) {
    ++counters_.notifications_refused;
    return {};
  }
  ++counters_.notifications;
  return SendUntilAcknowledged(now, session_id, session, 0, 0, std::move(message));
}

// In a place that was taken.
SendId Layer::SendUntilAcknowledged(TimePoint now, SessionId session_id, Session& session,
                                    uint16_t near, uint64_t request, Bytes message) {
  const uint16_t message_id = session.TakeId(now, near, random_);
  coap::StampTypeAndId(message, coap::Type::kConfirmable, message_id);
  out_.Push(session_id, message);
  const SendId id = confirmables_.Add(now, {session_id, request, message_id, std::move(message)},
                                      session.round_trips);
  places_.Begin(id, OwnerOf(session_id));
  session.sent.push_back({message_id, id, request, now});
  return id;
}

void Layer::SendOnce(TimePoint now, SessionId session_id, Session& session, uint16_t near,
                     Bytes message) {
  coap::StampTypeAndId(message, coap::Type::kNonConfirmable, session.TakeId(now, near, random_));
  out_.Push(session_id, message);
}

void Layer::SendEmpty(SessionId session_id, coap::Type type, uint16_t message_id) {
  switch (type) {
    case coap::Type::kAcknowledgement: ++counters_.empty_acks; break;
    case coap::Type::kReset: ++counters_.resets; break;
    case coap::Type::kConfirmable:
    case coap::Type::kNonConfirmable: break;
  }
  out_.Push(session_id, coap::EmptyMessage(type, message_id));
}

// The client is back: undelivered answers are sent anew, but not at the cost of its own CONs: the
// two would displace each other for ever.
void Layer::RetryUndelivered(TimePoint now, SessionId session_id) {
  Session* session = Find(session_id);
  if (session == nullptr) return;
  while (requests_.FindUndelivered(session->requests)) {
    const Owner owner = OwnerOf(session_id);
    if (places_.IsOwnCost(owner) || !TakePlace(now, session_id, *session)) return;
    // The CONs that made room may have displaced its answer.
    const auto request = requests_.FindUndelivered(session->requests);
    if (!request) return places_.Return(owner);
    const RequestRef ref = (*request)->ref;
    Bytes message = requests_.Retry(session->requests, *request);
    const auto sent = std::ranges::find(session->sent, ref.serial, &SentConfirmable::request);
    if (sent == session->sent.end()) {
      ++counters_.retried;
      SendUntilAcknowledged(now, session_id, *session, ref.message_id, ref.serial,
                            std::move(message));
    } else {
      SendAnew(now, session_id, *session, *sent, std::move(message));
    }
  }
}

}  // namespace lowband::edge::message
