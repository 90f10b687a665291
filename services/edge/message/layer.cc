#include "services/edge/message/layer.h"

#include <utility>

#include "services/edge/message/limits.h"

namespace lowband::edge::message {
namespace {

using State = ReceivedRequest::State;

// Answers are dropped late, many at once, so that an idle worker is not woken for each.
constexpr std::chrono::seconds kExpiryTick{1};

}  // namespace

Layer::Layer(const Config& config, Random& random, admission::MessageLedgers& ledgers,
             unsigned worker)
    : config_(config),
      random_(random),
      requests_(ledgers.answers, worker),
      confirmables_(config, random),
      places_(ledgers.confirmables, worker) {}

void Layer::Abandon(TimePoint now, SessionId session_id, SendId id) {
  if (Session* session = Find(session_id)) session->Forget(id);
  LeaveUntold(id);
  const auto confirmable = EndWait(id);
  if (!confirmable) return;
  Session& session = sessions_.at(confirmable->session);
  session.MarkGivenUp(now, id);
  EndRequest(session, confirmable->request);
}

void Layer::Settle(TimePoint now, const RequestRef& ref) {
  Session* session = Find(ref.session);
  if (session == nullptr) return;
  const auto request = requests_.FindSerial(session->requests, ref.serial);
  if (!request || (*request)->state != State::kPiggybacked) return;
  Ignore(now, *session, ref.message_id);
  requests_.Erase(session->requests, *request);
}

void Layer::Forget(SessionId session_id) {
  silent_.erase(session_id);
  std::erase_if(given_up_early_,
                [&](const Undelivered& early) { return early.session == session_id; });
  owners_.erase(session_id);
  const auto it = sessions_.find(session_id);
  if (it == sessions_.end()) return;
  requests_.EraseAll(it->second.requests);
  for (const SentConfirmable& sent : it->second.sent) EndWait(sent.id);
  session_ends_.Cancel(session_id);
  sessions_.erase(it);
}

void Layer::Advance(TimePoint now) {
  while (const auto request = requests_.OldestUnacknowledged()) {
    if ((*request)->since + config_.ack_delay > now) break;
    const RequestRef& ref = (*request)->ref;
    SendEmpty(ref.session, coap::Type::kAcknowledgement, ref.message_id);
    requests_.Acknowledge(*request);
  }
  while (const auto due = confirmables_.PopDue(now)) {
    const Confirmable& confirmable = *confirmables_.Find(due->id);
    if (due->given_up) {
      events_.Push({Queued::Kind::kUndelivered, confirmable.session, due->id, RequestRef{}}, {});
      silent_.insert(confirmable.session);
      GiveUp(now, due->id);
      continue;
    }
    if (due->repeats > kRepeatsInVain && confirmable.message.size() > kSmallMessageBytes) {
      events_.Push({Queued::Kind::kRepeatedInVain, confirmable.session, due->id, RequestRef{}},
                   confirmable.message);
    } else {
      RepeatConfirmable(due->id);
    }
  }
  Expire(now);
}

// Drops the report of an early give-up: the CON is under way again, or no longer needed.
void Layer::LeaveUntold(SendId id) {
  std::erase_if(given_up_early_, [&](const Undelivered& early) { return early.id == id; });
}

// Its answer has reached the client, or will not be sent any more.
void Layer::EndRequest(Session& session, uint64_t serial) {
  const auto request = requests_.FindSerial(session.requests, serial);
  if (!request) return;
  if ((*request)->ref.arrival == Arrival::kInAcknowledgement) {
    requests_.Erase(session.requests, *request);
  } else if ((*request)->state == State::kUndelivered) {
    requests_.Retry(session.requests, *request);
  }
}

void Layer::Expire(TimePoint now) {
  while (const auto request = requests_.OldestAnswered()) {
    if ((*request)->since + kExchangeLifetime > now) break;
    requests_.Erase(sessions_.at((*request)->ref.session).requests, *request);
  }
  while (const auto session_id = session_ends_.PopDue(now)) {
    const Session& session = sessions_.at(*session_id);
    if (session.IsOver(now)) {
      sessions_.erase(*session_id);
    } else {
      const TimePoint end = session.used + kExchangeLifetime + kIdRunSpan;
      session_ends_.Set(*session_id, std::max(end, now + kIdRunSpan));
    }
  }
}

std::optional<TimePoint> Layer::NextDeadline() {
  std::optional<TimePoint> next = Earlier(confirmables_.NextDeadline(), session_ends_.Next());
  if (const auto request = requests_.OldestUnacknowledged()) {
    next = Earlier(next, (*request)->since + config_.ack_delay);
  }
  if (const auto request = requests_.OldestAnswered()) {
    next = Earlier(next, (*request)->since + kExchangeLifetime + kExpiryTick);
  }
  return next;
}

Session& Layer::Touch(TimePoint now, SessionId session_id) {
  const auto [it, created] = sessions_.try_emplace(session_id);
  it->second.used = now;
  if (!created) return it->second;
  session_ends_.Set(session_id, now + kExchangeLifetime + kIdRunSpan);
  requests_.SetOwner(it->second.requests, OwnerOf(session_id));
  return it->second;
}

Session* Layer::Find(SessionId session_id) {
  const auto it = sessions_.find(session_id);
  return it == sessions_.end() ? nullptr : &it->second;
}

void Layer::Ignore(TimePoint now, Session& session, uint16_t message_id) {
  if (!session.ignored.Add(now, message_id)) ++counters_.message_ids_forgotten;
}

void Layer::KeepWithinLimits(TimePoint now, Session& session) {
  while (session.requests.answer_bytes() > config_.answer_bytes_per_session_max) {
    ++counters_.answers_evicted;
    Evict(now, *requests_.LeastMissedOf(session.requests));
  }
  EvictTooMany(now);
  // The other worker has not made room yet: this session's own answers go.
  while (requests_.IsFarOver()) {
    const auto own = requests_.LeastMissedOf(session.requests);
    if (!own) break;
    ++counters_.answers_evicted;
    Evict(now, *own);
  }
}

// RFC 7252 §4.5: a later duplicate may be carried out anew if the request is repeatable.
void Layer::Evict(TimePoint now, Deduplication::Entry request) {
  Session& session = sessions_.at(request->ref.session);
  // The ID of a request inside an ACK is the edge's.
  const RequestRef& ref = request->ref;
  if (ref.arrival == Arrival::kConfirmable) {
    RecentIds& evicted = ref.repeatable ? session.answers_evicted : session.answers_lost;
    if (!evicted.Add(now, ref.message_id)) ++counters_.message_ids_forgotten;
  }
  requests_.Erase(session.requests, request);
}

std::optional<Event> Layer::PollEvent() {
  const auto queued = events_.Pop();
  if (!queued) {
    if (given_up_early_.empty()) return std::nullopt;
    const Undelivered early = given_up_early_.front();
    given_up_early_.pop_front();
    // Messages that came before this report do not count as a sign of life.
    silent_.insert(early.session);
    return early;
  }
  const Queued& head = queued->header;
  switch (head.kind) {
    case Queued::Kind::kRequest:
      return RequestArrived{head.request, *coap::Parse(queued->bytes), head.id, head.answer_lost,
                            head.again};
    case Queued::Kind::kDelivered:
      return Delivered{head.session, head.id, head.bytes, head.repeats};
    case Queued::Kind::kRejected: return Rejected{head.session, head.id};
    case Queued::Kind::kUnusable: return Rejected{head.session, head.id, true};
    case Queued::Kind::kUndelivered: return Undelivered{head.session, head.id};
    case Queued::Kind::kActive: return Active{head.session};
    case Queued::Kind::kRepeatedInVain:
      return RepeatedInVain{head.session, head.id, head.request, *coap::Parse(queued->bytes),
                            queued->bytes.size()};
  }
  std::abort();
}

std::optional<Transmit> Layer::PollTransmit() {
  const auto packet = out_.Pop();
  if (!packet) return std::nullopt;
  return Transmit{packet->header, packet->bytes};
}

size_t Layer::UnacknowledgedOf(SessionId session_id) const {
  const auto it = sessions_.find(session_id);
  return it == sessions_.end() ? 0 : it->second.confirmables();
}

size_t Layer::UnansweredOf(SessionId session_id) const {
  const auto it = sessions_.find(session_id);
  return it == sessions_.end() ? 0 : it->second.requests.unanswered();
}

}  // namespace lowband::edge::message
