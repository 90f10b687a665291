// Requests and uploads that wait until others of their session, their token or the process have
// ended.
//
//   request ──room──▶ under way              upload's first block ──slot──▶ taken (2.31)
//      └─ no room ─▶ waiting ─┐                 └─ all slots busy ─▶ waiting ─┐
//                             └─ kWaitMax ─▶ 429                              └─ kWaitMax ─▶ 429
//
// Requests of a session are served in the order of their arrival, and the sessions in turn, one
// request each, so that a session with many does not delay the others. An upload whose client has
// been silent for a moment stays, but gives up its slot if another one waits for it.
#include <algorithm>
#include <utility>

#include "services/edge/request/layer.h"
#include "services/edge/request/limits.h"

namespace lowband::edge::request {

bool Layer::HasRoom(const Session& session) const {
  return session.exchanges.size() < config_.exchanges_per_session_max;
}

std::optional<Refusal> Layer::CheckLimits(const Session& session) const {
  if (session.waiting.empty() && HasRoom(session)) return std::nullopt;
  if (session.waiting.size() + session.waiting_uploads.size() >= kWaitingPerSessionMax) {
    return SessionLimit("requests");
  }
  return std::nullopt;
}

void Layer::StartOrWait(TimePoint now, SessionId id, Session& session, Exchange exchange,
                        v1::Request request) {
  if (session.waiting.empty() && HasRoom(session) && Launch(now, session, exchange, request)) {
    return;
  }
  const Held held{HeldKind::kWaiting, id, exchange.ref.serial};
  Booking booking = rooms_.waiting.Take(now, session.holder, held, 1);
  if (!booking) {
    RespondRefused(now, exchange.ref, exchange.target.token, exchange.target.form,
                   Unavailable(RefusalReason::kOverload, "Too many requests on this server"),
                   exchange.target.no_response);
    return;
  }
  ++counters_.requests_queued;
  exchange.body.Name(held, Rank::kPartial);  // nothing was carried out yet
  session.waiting.push_back(
      {std::move(exchange), std::move(request), now + kWaitMax, std::move(booking)});
  SetWaitTimer(now, id, session);
  JoinLine(id, session);
}

bool Layer::Launch(TimePoint now, Session& session, Exchange& exchange, v1::Request& request) {
  if (exchange.awaits_token && session.sticky.token() && !session.sticky.refused()) {
    exchange.awaits_token = false;  // the token came during the wait
    exchange.retry = nullptr;
    exchange.access_token = session.sticky.token();
    request.set_token(*exchange.access_token);
    if (exchange.poll != nullptr) exchange.poll->set_token(*exchange.access_token);
  }
  exchange.places = PlacesOf(request);
  if (!TakePlaces(now, session, exchange)) return false;
  const TimePoint deadline = now + config_.exchange_timeout;
  const auto entry = exchanges_.Start(now, std::move(exchange), deadline + kExchangeGrace);
  const Held held{HeldKind::kExchange, entry->ref.session, entry->id};
  entry->place.Name(held, Rank::kNeeded);
  entry->body.Name(held, Rank::kNeeded);
  session.exchanges.push_back(entry->id);
  ++counters_.exchanges_started;
  commands_.emplace_back(StartExchange{entry->id, std::move(request), deadline});
  return true;
}

bool Layer::TakePlaces(TimePoint now, const Session& session, Exchange& exchange) {
  if (exchange.access_token) {
    auto token_place = rooms_.tokens.TakeShort(rooms_.tokens.IdOf(*exchange.access_token),
                                               exchange.attempts.token_place);
    if (!token_place) {
      exchange.attempts.token_place = admission::Attempt::kAgain;
      return false;
    }
    exchange.token_place = std::move(*token_place);
  }
  exchange.place =
      rooms_.exchanges.Take(now, session.holder, {HeldKind::kExchange, exchange.ref.session, 0},
                            exchange.places, Rank::kNeeded, exchange.attempts.place);
  if (exchange.place) return true;
  exchange.attempts.place = admission::Attempt::kAgain;
  exchange.token_place.Reset();
  return false;
}

void Layer::JoinLine(SessionId id, Session& session) {
  if (session.in_line || session.waiting.empty()) return;
  session.in_line = true;
  line_.push_back(id);
}

// One request of each session in turn. A session that finds no place goes to the end.
void Layer::ServeLine(TimePoint now) {
  size_t in_vain = 0;
  while (!line_.empty() && in_vain < std::min(kLineTriesMax, line_.size())) {
    const SessionId id = line_.front();
    line_.pop_front();
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) continue;  // it has ended
    Session& session = found->second;
    session.in_line = false;
    // A session at its own limit joins again when one of its requests has ended.
    if (session.waiting.empty() || !HasRoom(session)) continue;
    WaitingRequest& next = session.waiting.front();
    if (!Launch(now, session, next.exchange, next.request)) {
      ++in_vain;
      JoinLine(id, session);
      continue;
    }
    in_vain = 0;
    session.waiting.pop_front();
    SetWaitTimer(now, id, session);
    if (HasRoom(session)) JoinLine(id, session);
  }
  line_again_.reset();
  if (!line_.empty()) line_again_ = now + kLineRetry;
}

bool Layer::MustWait(TimePoint now, const Incoming& incoming, const coap::Block& block) {
  if (block.number != 0 || !block.more) return false;
  const SessionId id = incoming.arrived.ref.session;
  return !incoming.session.waiting_uploads.empty() ||
         uploads_.SlotAt(now, id, incoming.options.key.upload) > now;
}

void Layer::WaitToUpload(TimePoint now, const Incoming& incoming, const UploadBlock& piece) {
  Session& session = incoming.session;
  if (session.waiting.size() + session.waiting_uploads.size() >= kWaitingPerSessionMax) {
    Refuse(now, incoming, SessionLimit("uploads"));
    return;
  }
  const Held held{HeldKind::kWaiting, piece.session, incoming.arrived.ref.serial};
  Booking booking = rooms_.waiting.Take(now, session.holder, held, 1);
  Booking bytes;
  if (booking) {
    const size_t size = std::max<size_t>(1, piece.payload.size());  // errors are reported later
    bytes = rooms_.uploads.Take(now, session.holder, held, size, Rank::kPartial);
  }
  if (!bytes) {
    Refuse(now, incoming, Unavailable(RefusalReason::kOverload, "No room for the body"));
    return;
  }
  ++counters_.uploads_queued;
  WaitingUpload upload{incoming.arrived.ref,
                       incoming.arrived.message.token,
                       incoming.form,
                       piece,
                       Bytes(piece.payload.begin(), piece.payload.end()),
                       now + kWaitMax,
                       std::move(booking),
                       std::move(bytes)};
  session.waiting_uploads.push_back(std::move(upload));
  SetWaitTimer(now, piece.session, session);
}

void Layer::ServeUploads(TimePoint now, SessionId id, Session& session) {
  while (!session.waiting_uploads.empty() &&
         uploads_.SlotAt(now, id, session.waiting_uploads.front().piece.key) <= now) {
    WaitingUpload upload = TakeWaitingUpload(session);
    upload.piece.payload = upload.payload;
    upload.piece.holder = session.holder;
    upload.bytes.Reset();  // they are booked anew
    const auto added = uploads_.Add(now, upload.piece);
    if (added) {
      ++counters_.upload_blocks;
      messages_.Respond(now, upload.ref,
                        WriteResponse(upload.token, {.code = coap::kContinue},
                                      {.block1 = upload.piece.block}, {}));
    } else {
      RespondRefused(now, upload.ref, upload.token, upload.form, added.error());
    }
  }
  SetWaitTimer(now, id, session);
}

Layer::WaitingUpload Layer::TakeWaitingUpload(Session& session) {
  WaitingUpload upload = std::move(session.waiting_uploads.front());
  session.waiting_uploads.pop_front();
  return upload;
}

// Due when the session's first request or upload has waited too long, or may have a slot.
void Layer::SetWaitTimer(TimePoint now, SessionId id, const Session& session) {
  std::optional<TimePoint> next;
  if (!session.waiting.empty()) next = session.waiting.front().due;
  if (!session.waiting_uploads.empty()) {
    const WaitingUpload& first = session.waiting_uploads.front();
    next = Earlier(next, std::min(first.due, uploads_.SlotAt(now, id, first.piece.key)));
  }
  if (next) {
    wait_timers_.Set(id, *next);
  } else {
    wait_timers_.Cancel(id);
  }
}

void Layer::OnWaitDue(TimePoint now, SessionId id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  Session& session = found->second;
  ServeUploads(now, id, session);
  while (!session.waiting_uploads.empty() && session.waiting_uploads.front().due <= now) {
    const WaitingUpload late = TakeWaitingUpload(session);
    RespondRefused(now, late.ref, late.token, late.form, SessionLimit("uploads"));
  }
  while (!session.waiting.empty() && session.waiting.front().due <= now) {
    const Exchange late = std::move(session.waiting.front().exchange);
    session.waiting.pop_front();
    RespondRefused(now, late.ref, late.target.token, late.target.form, SessionLimit("requests"));
  }
  SetWaitTimer(now, id, session);
}

// Their answers are no longer needed.
void Layer::DropWaiting(SessionId id, Session& session) {
  wait_timers_.Cancel(id);
  session.waiting_uploads.clear();
  session.waiting.clear();
}

}  // namespace lowband::edge::request
