#include "services/edge/request/layer.h"

#include <utility>
#include <variant>

#include "services/edge/request/limits.h"

namespace lowband::edge::request {

Layer::Layer(const Config& config, message::Layer& messages, Random& random,
             admission::RequestLedgers& ledgers, unsigned worker, ActiveAt active_at)
    : config_(config),
      messages_(messages),
      random_(random),
      worker_(worker),
      rooms_(config, ledgers, worker),
      uploads_(config, rooms_.uploads, rooms_.small_uploads, counters_),
      downloads_(config, rooms_.downloads, rooms_.small_downloads, random, counters_),
      observations_(config_, random, counters_),
      silent_({.messages = messages,
               .newest_sessions = ledgers.newest_sessions,
               .counters = counters_,
               .worker = worker,
               .active_at = std::move(active_at),
               .client_of =
                   [this](const std::string& token) {
                     return static_cast<admission::ClientId>(rooms_.tokens.IdOf(token));
                   },
               .has_poll_to_save =
                   [this](SessionId session) { return observations_.HasPollToSave(session); }}) {}

void Layer::OpenSession(TimePoint now, SessionId session_id, const SocketAddress& peer,
                        size_t passed_bytes, uint64_t lineage) {
  Session& session = sessions_[session_id];
  session.client_address = peer.HostText();
  session.holder = {admission::NetworkOf(peer), admission::Standing::kUnproven, worker_};
  session.began = now;
  session.token_expected_until = now + kTokenExpected;
  session.path.Passed(passed_bytes);
  if (lineage == 0) return;
  silent_.Open(now, session_id, admission::ClientId{lineage});
  PassReliefs();
}

void Layer::MovePeer(SessionId session_id, const SocketAddress& peer) {
  const auto session = sessions_.find(session_id);
  if (session == sessions_.end()) return;
  session->second.client_address = peer.HostText();
  session->second.path.Forget();
  admission::Holder to = session->second.holder;
  to.network = admission::NetworkOf(peer);
  Rebook(session_id, session->second, to);
}

void Layer::EndSession(TimePoint now, SessionId session_id) {
  uploads_.Forget(session_id);
  downloads_.Forget(session_id);
  const auto found = sessions_.find(session_id);
  if (found == sessions_.end()) return;
  Session& session = found->second;
  silent_.Forget(session_id);
  DropWaiting(session_id, session);
  observations_.ForgetSession(session_id);
  ServeObservations(now);
  while (!session.exchanges.empty()) {
    const Exchanges::Entry exchange = *exchanges_.Find(session.exchanges.back());
    if (!exchange->held) {
      ++counters_.exchanges_cancelled;
      commands_.emplace_back(CancelExchange{exchange->id});
    }
    Take(session, exchange);
  }
  sessions_.erase(found);
}

void Layer::Dispatch(TimePoint now, const message::Event& event) {
  if (silent_.TakePingFate(now, event)) return ServeAway(now);
  if (const auto* arrived = std::get_if<message::RequestArrived>(&event)) {
    HandleRequest(now, *arrived);
  } else if (const auto* rejected = std::get_if<message::Rejected>(&event)) {
    downloads_.Reject(rejected->session, rejected->id);
    OnRejected(now, *rejected);
  } else if (const auto* delivered = std::get_if<message::Delivered>(&event)) {
    // A download learns the same from its follow-ups.
    const auto session = sessions_.find(delivered->session);
    if (session != sessions_.end()) session->second.path.OnDelivered(*delivered);
    OnDelivered(now, delivered->session, delivered->id);
  } else if (const auto* undelivered = std::get_if<message::Undelivered>(&event)) {
    const auto session = sessions_.find(undelivered->session);
    if (session != sessions_.end()) session->second.path.OnUndelivered(undelivered->id);
    // The client may still fetch the rest of a download later.
    downloads_.Undelivered(now, undelivered->session, undelivered->id);
    OnUndelivered(now, undelivered->session, undelivered->id);
  } else if (const auto* active = std::get_if<message::Active>(&event)) {
    observations_.OnActive(active->session);
    ServeObservations(now);
  } else if (const auto* in_vain = std::get_if<message::RepeatedInVain>(&event)) {
    OnRepeatedInVain(now, *in_vain);
  }
}

void Layer::RunDue(TimePoint now) {
  uploads_.Expire(now);
  downloads_.Expire(now);
  while (const auto aged = exchanges_.FindAged(now)) {
    BecomePoll(now, *aged);
    if (rooms_.polls.wants_room()) MakeRoomIn(now, rooms_.polls);
  }
  while (const auto due = exchanges_.FindDue(now)) {
    const Exchanges::Entry exchange = *due;
    if (exchange->held) {
      Answer refused = std::move(*exchange->refused);
      Finish(now, exchange, std::move(refused));
      continue;
    }
    ++counters_.exchanges_cancelled;
    commands_.emplace_back(CancelExchange{exchange->id});
    const Exchange late = Take(sessions_.at(exchange->ref.session), exchange);
    RespondRefused(now, late.ref, late.target.token, late.target.form,
                   {.reason = RefusalReason::kNoAnswer,
                    .code = coap::kGatewayTimeout,
                    .errcode = "M_UNKNOWN",
                    .error = "The homeserver did not answer in time"});
  }
  while (observations_.Advance(now)) ServeObservations(now);
  while (const auto session_id = wait_timers_.PopDue(now)) OnWaitDue(now, *session_id);
  while (const auto source = piece_timers_.PopDue(now)) OnPieceDue(now, *source);
  silent_.Advance(now);
  ServeAway(now);
}

void Layer::ServeAway(TimePoint now) {
  while (const auto away = silent_.PollAway()) {
    if (away->superseded) {
      ends_.push_back({away->session, EndReason::kSuperseded});
    } else {
      observations_.OnClientAway(away->session);
      ServeObservations(now);
    }
  }
}

std::optional<TimePoint> Layer::NextDeadline() {
  return Earlier(Earlier(Earlier(exchanges_.NextDeadline(), observations_.NextDeadline()),
                         Earlier(uploads_.NextDeadline(), downloads_.NextDeadline())),
                 Earlier(Earlier(wait_timers_.Next(), piece_timers_.Next()),
                         Earlier(silent_.NextDeadline(), line_again_)));
}

Load Layer::LoadOf(TimePoint now, SessionId session_id) const {
  const auto found = sessions_.find(session_id);
  if (found == sessions_.end()) return Load::kNone;
  const Session& session = found->second;
  if (!session.waiting.empty() || !session.waiting_uploads.empty()) return Load::kRequests;
  for (const ExchangeId id : session.exchanges) {
    const Exchanges::Entry exchange = *exchanges_.Find(id);
    if (!exchange->idempotent || now - exchange->started < kPollAge) return Load::kRequests;
  }
  const bool polls = !session.exchanges.empty() || !observations_.Of(session_id).empty();
  return polls ? Load::kPolls : Load::kNone;
}

Usage Layer::usage() const {
  return {sessions_.size(),
          exchanges_.size(),
          rooms_.uploads.used() + rooms_.small_uploads.used(),
          uploads_.size(),
          downloads_.size(),
          rooms_.downloads.used() + rooms_.small_downloads.used(),
          downloads_.sources(),
          observations_.size(),
          rooms_.waiting.used()};
}

void Layer::CloseSession(TimePoint now, SessionId session) {
  EndSession(now, session);
  Settle(now);
}

void Layer::Handle(TimePoint now, const message::Event& event) {
  Dispatch(now, event);
  Settle(now);
}

void Layer::MakeObservable(TimePoint now, ExchangeId id) {
  BeginObservation(now, id);
  Settle(now);
}

void Layer::Complete(TimePoint now, Answer answer) {
  TakeWhole(now, std::move(answer));
  Settle(now);
}

void Layer::TakePiece(TimePoint now, const AnswerPiece& piece) {
  AppendPiece(now, piece);
  Settle(now);
}

void Layer::Advance(TimePoint now) {
  RunDue(now);
  Settle(now);
}

}  // namespace lowband::edge::request
