#include "services/edge/dtls/server.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace lowband::edge::dtls {
namespace {

constexpr std::array kOpenStages = {Stage::kUnconfirmed, Stage::kUnproven, Stage::kProven};

}  // namespace

static_assert(kCloseReasons == static_cast<size_t>(CloseReason::kProtocolError) + 1);

Server::Server(const Config& config, Credentials& credentials, Random& random, unsigned worker,
               unsigned workers, admission::Admission& admission)
    : config_(config),
      worker_(worker),
      workers_(workers),
      credentials_(credentials),
      random_(random),
      admission_(admission),
      cookies_(credentials.cookie_secret()) {
  connection_ids_.emplace(credentials.identity()->connection_id_secret());
  if (worker >= workers || workers > kConnectionIdWorkersMax) std::abort();
}

// Returns the bookings to the ledgers, which other workers share.
Server::~Server() {
  while (Session* session = table_.Oldest(Stage::kHandshaking)) Discard(*session);
  for (const Stage stage : kOpenStages) {
    while (Session* session = table_.Oldest(stage)) Discard(*session);
  }
}

bool Server::Send(SessionId id, ByteView data) {
  Session* session = table_.Find(id);
  if (session == nullptr || !session->open() || data.size() > kApplicationDataMax) {
    ++counters_.sends_failed;
    return false;
  }
  if (session->unproven &&
      !session->unproven->MaySend(session->channel->RecordBytes(data.size()))) {
    ++(session->unproven->Hold(data) ? counters_.sends_held : counters_.held_dropped);
    return true;
  }
  if (!session->channel->Send(session->peer, data)) {
    ++counters_.sends_failed;
    return false;
  }
  ++counters_.records_sent;
  return true;
}

void Server::Close(SessionId id, CloseReason reason) {
  Session* session = table_.Find(id);
  if (session == nullptr || !session->open()) return;
  EndSession(*session, reason, true);
}

std::optional<TimePoint> Server::ActiveAt(SessionId id) {
  const Session* session = table_.Find(id);
  if (session == nullptr || !session->open()) return std::nullopt;
  return session->active_at;
}

void Server::CloseAll() {
  while (Session* session = table_.Oldest(Stage::kHandshaking)) {
    EndHandshake(*session, HandshakeResult::kStopped);
  }
  for (const Stage stage : kOpenStages) {
    while (Session* session = table_.Oldest(stage)) {
      EndSession(*session, CloseReason::kLocal, true);
    }
  }
}

void Server::Advance(TimePoint now) {
  while (const auto due = flights_.PopDue(now)) {
    Session* session = table_.Find(*due);
    HandshakeStep(now, *session, session->channel->Advance(now, session->peer));
  }
  while (const auto due = paths_.PopDue(now)) ReturnHome(now, *table_.Find(*due));
  ExpireHandshakes(now);
  ExpireSessions(now);
}

void Server::ExpireHandshakes(TimePoint now) {
  while (Session* session = table_.Oldest(Stage::kHandshaking)) {
    if (session->since + config_.handshake_timeout > now) return;
    EndHandshake(*session, HandshakeResult::kTimedOut);
  }
}

void Server::ExpireSessions(TimePoint now) {
  while (Session* session = table_.Oldest(Stage::kUnconfirmed)) {
    if (session->since + UnconfirmedTimeout() > now) break;
    EndSession(*session, CloseReason::kIdle, true);
  }
  while (Session* session = table_.Oldest(Stage::kUnproven)) {
    if (session->since + UnprovenTimeout() > now) break;
    EndSession(*session, CloseReason::kUnproven, true);
  }
  while (Session* session = table_.Oldest(Stage::kProven)) {
    if (session->since + IdleTimeout() > now) break;
    EndSession(*session, CloseReason::kIdle, true);
  }
}

size_t Server::SessionsOfAll() const {
  return admission_.sessions.held(Standing::kUnproven) +
         admission_.sessions.held(Standing::kProven);
}

Duration Server::UnconfirmedTimeout() const {
  if (!NearlyFull(SessionsOfAll(), admission_.sessions.max())) return config_.unconfirmed_timeout;
  return std::min(config_.unconfirmed_timeout, config_.unconfirmed_timeout_when_full);
}

Duration Server::UnprovenTimeout() const {
  if (!Roomy(SessionsOfAll(), admission_.sessions.max())) return config_.unproven_timeout;
  return std::max(config_.unproven_timeout, config_.unproven_timeout_when_roomy);
}

// Unproven sessions do not count: they make room for any newcomer, and must not shorten the time of
// others.
Duration Server::IdleTimeout() const {
  if (!NearlyFull(admission_.sessions.held(Standing::kProven), admission_.sessions.max())) {
    return config_.idle_timeout;
  }
  return std::min(config_.idle_timeout, config_.idle_timeout_when_full);
}

std::optional<TimePoint> Server::NextDeadline() {
  std::optional<TimePoint> next = Earlier(flights_.Next(), paths_.Next());
  const auto add = [&](Stage stage, Duration timeout) {
    if (const Session* session = table_.Oldest(stage)) {
      next = Earlier(next, session->since + timeout);
    }
  };
  add(Stage::kHandshaking, config_.handshake_timeout);
  add(Stage::kUnconfirmed, UnconfirmedTimeout());
  add(Stage::kUnproven, UnprovenTimeout());
  add(Stage::kProven, IdleTimeout());
  return next;
}

void Server::EndSession(Session& session, CloseReason reason, bool notify) {
  ++counters_.closed[static_cast<size_t>(reason)];
  if (notify) session.channel->Close(session.peer);
  events_.Push(SessionClosed{session.id, reason}, {});
  paths_.Cancel(session.id);
  Discard(session);
}

std::optional<Event> Server::PollEvent() {
  auto packet = events_.Pop();
  if (!packet) return std::nullopt;
  if (auto* arrived = std::get_if<DataArrived>(&packet->header)) arrived->data = packet->bytes;
  return std::move(packet->header);
}

std::optional<Transmit> Server::PollTransmit() {
  auto packet = outbox_.Pop();
  if (!packet) return std::nullopt;
  return Transmit{packet->header, packet->bytes};
}

}  // namespace lowband::edge::dtls
