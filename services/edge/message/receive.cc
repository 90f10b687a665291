#include <algorithm>

#include "libs/coap/block.h"
#include "services/edge/message/layer.h"
#include "services/edge/message/limits.h"

namespace lowband::edge::message {

using State = ReceivedRequest::State;

namespace {

bool HasBlockAbove0(const coap::MessageView& message, coap::OptionNumber number) {
  const auto value = message.Find(number);
  const auto block = value ? coap::ParseBlock(*value) : std::nullopt;
  return block && block->number > 0;
}

// RFC 7252 §5.1: GET, PUT and DELETE; FETCH becomes a POST at the translator. A block of a response
// is only served again. The last block of an upload cannot begin it anew.
bool IsRepeatable(const coap::MessageView& message) {
  if (HasBlockAbove0(message, coap::OptionNumber::kBlock2)) return true;
  const coap::Code method = message.code;
  const bool idempotent = method == coap::kGet || method == coap::kPut || method == coap::kDelete;
  return idempotent && !HasBlockAbove0(message, coap::OptionNumber::kBlock1);
}

}  // namespace

void Layer::Receive(TimePoint now, SessionId session_id, ByteView datagram, uint64_t sequence) {
  ++counters_.messages;
  sequence_ = sequence;
  if (const auto message = coap::Parse(datagram)) {
    ReceiveParsed(now, session_id, *message, datagram);
  } else {
    ReceiveMalformed(session_id, datagram);
  }
  if (requests_.undelivered() > 0) RetryUndelivered(now, session_id);
  if (!silent_.empty() && silent_.erase(session_id) > 0) {
    events_.Push({Queued::Kind::kActive, session_id, SendId{}, RequestRef{}}, {});
  }
}

void Layer::ReceiveParsed(TimePoint now, SessionId session_id, const coap::MessageView& message,
                          ByteView datagram) {
  switch (message.type) {
    case coap::Type::kConfirmable:
    case coap::Type::kNonConfirmable: ReceiveNew(now, session_id, message, datagram); return;
    case coap::Type::kAcknowledgement:
    case coap::Type::kReset: ReceiveReply(now, session_id, message, datagram); return;
  }
}

// RFC 7252 §4.2, §4.3: a CON that cannot be processed is rejected, other types are ignored; §3: the
// same for another version.
void Layer::ReceiveMalformed(SessionId session_id, ByteView datagram) {
  ++counters_.malformed;
  const auto envelope = coap::ParseEnvelope(datagram);
  if (envelope && envelope->type == coap::Type::kConfirmable) {
    SendEmpty(session_id, coap::Type::kReset, envelope->message_id);
  }
}

void Layer::ReceiveNew(TimePoint now, SessionId session_id, const coap::MessageView& message,
                       ByteView datagram) {
  if (message.code.is_empty()) {
    ReceivePing(now, session_id, message);
  } else if (message.code.is_request()) {
    ReceiveRequest(now, session_id, message, datagram);
  } else if (message.code.is_response()) {
    ReceiveResponse(now, session_id, message);
  } else {
    ReceiveMalformed(session_id, datagram);  // RFC 7252 §4.2: a reserved class
  }
}

// An empty CON is answered by RST (RFC 7252 §4.3); an empty NON is ignored.
void Layer::ReceivePing(TimePoint now, SessionId session_id, const coap::MessageView& message) {
  // A client that only pings gets no state.
  if (Session* session = Find(session_id)) Hear(now, *session, message.message_id);
  if (message.type != coap::Type::kConfirmable) return;
  ++counters_.pings;
  SendEmpty(session_id, coap::Type::kReset, message.message_id);
}

void Layer::ReceiveRequest(TimePoint now, SessionId session_id, const coap::MessageView& message,
                           ByteView datagram) {
  Session& session = Touch(now, session_id);
  if (const auto known = requests_.FindId(session.requests, message.message_id)) {
    ReceiveDuplicate(session_id, *known);
    return;
  }
  if (session.ignored.Contains(now, message.message_id)) {
    ++counters_.duplicates;
    ++counters_.duplicates_ignored;
    return;
  }
  if (session.requests.unanswered() == kUnansweredPerSessionMax) {
    ++counters_.requests_dropped;
    return;
  }
  Hear(now, session, message.message_id);
  const bool confirmable = message.type == coap::Type::kConfirmable;
  // Its answer was sent, and has made room since. The new answer is kept again.
  const bool answer_lost = session.answers_lost.Contains(now, message.message_id);
  if (answer_lost) {
    ++counters_.duplicates;
    ++counters_.duplicates_unanswerable;
  } else {
    ++(confirmable ? counters_.requests_con : counters_.requests_non);
  }
  const RequestRef ref{session_id,
                       ++last_serial_,
                       message.message_id,
                       confirmable ? Arrival::kConfirmable : Arrival::kNonConfirmable,
                       IsRepeatable(message),
                       sequence_};
  requests_.Add(now, session.requests, ref);
  const bool again = session.answers_evicted.Contains(now, message.message_id);
  events_.Push({Queued::Kind::kRequest, session_id, SendId{}, ref, answer_lost, again}, datagram);
}

void Layer::ReceiveDuplicate(SessionId session_id, Deduplication::Entry request) {
  ++counters_.duplicates;
  if (request->ref.arrival != Arrival::kConfirmable) return;
  switch (request->state) {
    case State::kUnacknowledged:
    case State::kAwaited: return;
    case State::kPiggybacked:
      if (++request->duplicates < kRepeatsInVain || request->answer.size() <= kSmallMessageBytes) {
        out_.Push(session_id, request->answer);
      } else {
        events_.Push({Queued::Kind::kRepeatedInVain, session_id, SendId{}, request->ref},
                     request->answer);
      }
      return;
    case State::kAcknowledged:
    case State::kSeparate:
    case State::kUndelivered:
      SendEmpty(session_id, coap::Type::kAcknowledgement, request->ref.message_id);
      return;
  }
}

// The edge sends no requests. Deployed clients refuse a block with 4.08.
void Layer::ReceiveResponse(TimePoint now, SessionId session_id, const coap::MessageView& message) {
  const bool confirmable = message.type == coap::Type::kConfirmable;
  Session* session = Find(session_id);
  if (session != nullptr && message.code == coap::kRequestEntityIncomplete) {
    Hear(now, *session, message.message_id);
    for (const SentConfirmable& sent : session->sent) {
      const Confirmable* ours = confirmables_.Find(sent.id);
      if (ours == nullptr || coap::Parse(ours->message)->token != message.token) continue;
      if (confirmable) {
        SendEmpty(session_id, coap::Type::kAcknowledgement, message.message_id);
      }
      EndConfirmable(session_id, *session, sent.id, Queued::Kind::kUnusable);
      return;
    }
  }
  ++counters_.stray_responses;
  if (confirmable) SendEmpty(session_id, coap::Type::kReset, message.message_id);
}

// ACK or RST, for a CON of the edge or a stray.
void Layer::ReceiveReply(TimePoint now, SessionId session_id, const coap::MessageView& message,
                         ByteView datagram) {
  Session* session = Find(session_id);
  const SentConfirmable* sent =
      session == nullptr ? nullptr : session->FindSent(message.message_id);
  const bool reserved =
      !message.code.is_empty() && !message.code.is_request() && !message.code.is_response();
  const bool reset = message.type == coap::Type::kReset;
  if (sent == nullptr || sent->replaced || reserved || (reset && !message.code.is_empty())) {
    ++counters_.stray_acks;
    return;
  }
  session->used = now;
  const SendId id = sent->id;
  confirmables_.Measure(now, id, session->round_trips);
  const unsigned cls = message.code.cls();
  const bool unusable = message.code.is_response() && cls >= 4;
  EndConfirmable(session_id, *session, id,
                 reset      ? Queued::Kind::kRejected
                 : unusable ? Queued::Kind::kUnusable
                            : Queued::Kind::kDelivered);
  if (message.code.is_request()) {
    ReceiveFollowUp(now, session_id, *session, message.message_id, id, datagram);
  }
}

// Deployed clients ask for the next block inside the ACK of a CON.
void Layer::ReceiveFollowUp(TimePoint now, SessionId session_id, Session& session,
                            uint16_t message_id, SendId acknowledges, ByteView datagram) {
  if (session.requests.unanswered() == kUnansweredPerSessionMax) {
    ++counters_.requests_dropped;
    return;
  }
  ++counters_.requests_in_ack;
  const RequestRef ref{session_id, ++last_serial_, message_id, Arrival::kInAcknowledgement,
                       true,       sequence_};
  requests_.Add(now, session.requests, ref);
  events_.Push({Queued::Kind::kRequest, session_id, acknowledges, ref}, datagram);
}

// Forgets the ID too: later copies of the ACK are strays, so that a request inside counts once.
void Layer::EndConfirmable(SessionId session_id, Session& session, SendId id, Queued::Kind fate) {
  const auto sent = std::ranges::find(session.sent, id, &SentConfirmable::id);
  const bool undelivered = sent->undelivered;
  EndRequest(session, sent->request);
  session.sent.erase(sent);
  const unsigned repeats = confirmables_.RepeatsOf(id);
  const auto confirmable = EndWait(id);
  if (!confirmable && !undelivered) return;  // abandoned: no event
  ++(fate == Queued::Kind::kDelivered ? counters_.delivered : counters_.rejected);
  const size_t bytes = confirmable ? confirmable->message.size() : 0;
  events_.Push({.kind = fate, .session = session_id, .id = id, .bytes = bytes, .repeats = repeats},
               {});
}

void Layer::Hear(TimePoint now, Session& session, uint16_t message_id) {
  session.used = now;
  if (!session.heard.Add(now, message_id)) ++counters_.message_ids_forgotten;
}

}  // namespace lowband::edge::message
