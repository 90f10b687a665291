#include "services/edge/dtls/server.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "services/edge/dtls/server_impl.h"

namespace lowband::edge::dtls {

static_assert(kCloseReasons == static_cast<size_t>(CloseReason::kProtocolError) + 1);

Server::Impl::Impl(const Config& config, Credentials& credentials, Random& random, unsigned worker,
                   unsigned workers, admission::Admission& admission)
    : config_(config),
      sessions_max_(std::max<size_t>(1, admission.sessions.max() / workers)),
      handshakes_max_(std::max<size_t>(1, admission.handshakes.max() / workers)),
      worker_(worker),
      workers_(workers),
      credentials_(credentials),
      random_(random),
      cookies_(credentials.cookie_secret()),
      prefixes_({config.handshakes_per_prefix_rate, config.handshakes_per_prefix_burst}),
      stale_alerts_(sessions_max_, workers) {
  if (worker >= workers || workers > kWorkersMax) std::abort();
}

bool Server::Impl::Send(SessionId id, ByteView data) {
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

void Server::Impl::Close(SessionId id) {
  Session* session = table_.Find(id);
  if (session == nullptr || !session->open()) return;
  EndSession(*session, CloseReason::kLocal, true);
}

bool Server::Impl::HeardSince(TimePoint time, SessionId id) {
  const Session* session = table_.Find(id);
  return session != nullptr && session->since >= time;
}

void Server::Impl::CloseAll() {
  while (Session* session = table_.Oldest(Stage::kHandshaking)) {
    EndHandshake(*session, HandshakeResult::kStopped);
  }
  for (const Stage stage : {Stage::kUnheard, Stage::kHeard}) {
    while (Session* session = table_.Oldest(stage)) {
      EndSession(*session, CloseReason::kLocal, true);
    }
  }
}

void Server::Impl::Advance(TimePoint now) {
  while (const auto due = flights_.PopDue(now)) {
    Session* session = table_.Find(*due);
    HandshakeStep(now, *session, session->channel->Advance(now, session->peer));
  }
  while (const auto due = paths_.PopDue(now)) ReturnHome(now, *table_.Find(*due));
  ExpireHandshakes(now);
  ExpireSessions(now);
}

void Server::Impl::ExpireHandshakes(TimePoint now) {
  while (Session* session = table_.Oldest(Stage::kHandshaking)) {
    if (session->since + HandshakeTimeout() > now) return;
    EndHandshake(*session, HandshakeResult::kTimedOut);
  }
}

void Server::Impl::ExpireSessions(TimePoint now) {
  while (Session* session = table_.Oldest(Stage::kUnheard)) {
    if (session->since + UnheardTimeout() > now) break;
    EndSession(*session, CloseReason::kIdle, true);
  }
  while (Session* session = table_.Oldest(Stage::kHeard)) {
    if (session->since + IdleTimeout() > now) break;
    EndSession(*session, CloseReason::kIdle, true);
  }
}

Duration Server::Impl::HandshakeTimeout() const {
  if (!ManyHandshakes(table_.handshakes(), handshakes_max_)) return config_.handshake_timeout;
  return std::min(config_.handshake_timeout, config_.handshake_timeout_when_many);
}

Duration Server::Impl::UnheardTimeout() const {
  if (!NearlyFull(table_.sessions(), sessions_max_)) return config_.unheard_timeout;
  return std::min(config_.unheard_timeout, config_.unheard_timeout_when_full);
}

Duration Server::Impl::IdleTimeout() const {
  if (!NearlyFull(table_.sessions(), sessions_max_)) return config_.idle_timeout;
  return std::min(config_.idle_timeout, config_.idle_timeout_when_full);
}

std::optional<TimePoint> Server::Impl::NextDeadline() {
  std::optional<TimePoint> next = Earlier(flights_.Next(), paths_.Next());
  const auto add = [&](Stage stage, Duration timeout) {
    if (const Session* session = table_.Oldest(stage)) {
      next = Earlier(next, session->since + timeout);
    }
  };
  add(Stage::kHandshaking, HandshakeTimeout());
  add(Stage::kUnheard, UnheardTimeout());
  add(Stage::kHeard, IdleTimeout());
  return next;
}

void Server::Impl::EndSession(Session& session, CloseReason reason, bool notify) {
  ++counters_.closed[static_cast<size_t>(reason)];
  if (notify) session.channel->Close(session.peer);
  events_.Push(SessionClosed{session.id, reason}, {});
  paths_.Cancel(session.id);
  table_.Erase(session);
}

std::optional<Event> Server::Impl::PollEvent() {
  auto packet = events_.Pop();
  if (!packet) return std::nullopt;
  if (auto* arrived = std::get_if<DataArrived>(&packet->header)) arrived->data = packet->bytes;
  return std::move(packet->header);
}

std::optional<Transmit> Server::Impl::PollTransmit() {
  auto packet = outbox_.Pop();
  if (!packet) return std::nullopt;
  return Transmit{packet->header, packet->bytes};
}

Server::Server(const Config& config, Credentials& credentials, Random& random, unsigned worker,
               unsigned workers, admission::Admission& admission)
    : impl_(std::make_unique<Impl>(config, credentials, random, worker, workers, admission)) {}
Server::~Server() = default;
void Server::Receive(TimePoint now, const SocketAddress& from, ByteView datagram) {
  impl_->Receive(now, from, datagram);
}
bool Server::Send(TimePoint, SessionId session, ByteView data) {
  return impl_->Send(session, data);
}
void Server::ProvePath(TimePoint, SessionId session) { impl_->ProvePath(session); }
void Server::Close(TimePoint, SessionId session) { impl_->Close(session); }
void Server::StopAccepting() { impl_->StopAccepting(); }
void Server::CloseAll(TimePoint) { impl_->CloseAll(); }
bool Server::HeardSince(TimePoint time, SessionId session) {
  return impl_->HeardSince(time, session);
}
std::vector<SessionId> Server::QuietestFirst() const { return impl_->QuietestFirst(); }
void Server::Advance(TimePoint now) { impl_->Advance(now); }
std::optional<TimePoint> Server::NextDeadline() { return impl_->NextDeadline(); }
std::optional<Event> Server::PollEvent() { return impl_->PollEvent(); }
std::optional<Transmit> Server::PollTransmit() { return impl_->PollTransmit(); }
const Counters& Server::counters() const { return impl_->counters(); }
size_t Server::session_count() const { return impl_->session_count(); }
size_t Server::handshake_count() const { return impl_->handshake_count(); }

}  // namespace lowband::edge::dtls
