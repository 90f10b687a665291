// Server, second half: from a ClientHello to an open session.
#include <algorithm>

#include "services/edge/dtls/plaintext.h"
#include "services/edge/dtls/server.h"

namespace lowband::edge::dtls {
namespace {

/// The cost of a handshake with a ticket: no signature, no key exchange.
constexpr admission::Eighths kResumptionCost = 1;

bool SameClient(const Session* session, const ClientHello& hello) {
  return session != nullptr && std::ranges::equal(session->client_random, hello.random);
}

}  // namespace

// Before the cookie is verified no state is kept and no memory allocated, except for fragments
// (hello_fragments.h).
void Server::Hello(TimePoint now, const SocketAddress& from, const tls::Record& record) {
  if (!accepting_) return Drop(DropReason::kStopping);
  const auto hello = ParseClientHello(record.fragment);
  if (!hello) {
    if (hello.error() == HelloError::kFragmented) return HelloFragment(now, from, record);
    return Drop(DropReason::kBadHello);
  }
  if (const auto age = cookies_.Check(now, from, *hello)) {
    const size_t exchanged =
        kVerifyRequestBytes + record.bytes.size() + 2 * tls::kDatagramHeaderBytes;
    return VerifiedHello(now, from, record, *hello, {*age, exchanged});
  }
  if (!hello->cookie.empty()) ++counters_.cookies_refused;
  ++counters_.verify_requests_sent;
  outbox_.Push(from, WriteVerifyRequest(record, *hello, cookies_.Make(now, from, *hello)));
}

void Server::HelloFragment(TimePoint now, const SocketAddress& from, const tls::Record& record) {
  const auto added = hello_fragments_.Add(now, from, record);
  if (!added.kept) return Drop(DropReason::kFragmentedHello);
  if (added.whole) Hello(now, from, *added.whole);
}

void Server::VerifiedHello(TimePoint now, const SocketAddress& from, const tls::Record& record,
                           const ClientHello& hello, const tls::LinkSample& link) {
  Session* handshake = table_.FindHandshake(from);
  // A repeated ClientHello, perhaps because our flight was lost: the engine repeats the flight.
  if (SameClient(handshake, hello)) {
    if (Repeated(now, *handshake)) Deliver(now, from, record, *handshake);
    return;
  }
  // A copy that the network delayed until the handshake was done.
  if (SameClient(table_.FindOpen(from), hello)) return Drop(DropReason::kStaleHello);
  if (ended_hellos_.Contains(now, hello.random)) {
    // An alert would end a handshake or session that the client has here.
    if (handshake == nullptr && table_.FindOpen(from) == nullptr) {
      outbox_.Push(from, WriteAlert(AlertDescription::kHandshakeFailure, record.sequence));
    }
    return Drop(DropReason::kStaleHello);
  }
  if (config_.require_extended_master_secret && !hello.extended_master_secret) {
    Count(HandshakeResult::kNoExtendedMasterSecret);
    credentials_.NoteRefusedWithoutExtendedMasterSecret();
    outbox_.Push(from, WriteAlert(AlertDescription::kHandshakeFailure, record.sequence));
    return;
  }
  if (handshake != nullptr) EndHandshake(*handshake, HandshakeResult::kRestarted);
  if (const auto refusal = Refusal(now, from, hello)) return Count(*refusal);
  const auto begun = BeginHandshake(now, from, hello, link);
  if (!begun) return Count(begun.error());
  const SessionId id = (*begun)->id;
  Deliver(now, from, record, **begun);
  if (hello.ticket) SettleTicket(now, from, id);
}

// The engine has checked the ticket. If it is not ours the handshake is a full one and is charged
// as such, so a client with forged tickets gains nothing.
void Server::SettleTicket(TimePoint now, const SocketAddress& from, SessionId id) {
  const Session* handshake = table_.Find(id);
  if (handshake != nullptr && handshake->channel->resumed()) return;
  ++counters_.tickets_refused;
  admission_.ChargeHandshake(now, from, admission::kWhole - kResumptionCost);
}

// A client repeated its flight. Many do so each second, however slow the link: an answer while our
// first one is on the link doubles the load, and the next repeat comes before it has arrived.
// True: answer it.
bool Server::Repeated(TimePoint now, Session& session) {
  if (now <= std::max(session.channel->flight_done(), session.repeat_after)) {
    // The client is there and waits.
    if (now - session.began < kHandshakeLifeMax && !HasSpoken(session.stage)) {
      table_.Prolong(now, session);
    }
    Drop(DropReason::kRepeatedFlight);
    return false;
  }
  session.repeat_after = now + kRepeatInterval;
  return true;
}

std::optional<HandshakeResult> Server::Refusal(TimePoint now, const SocketAddress& from,
                                               const ClientHello& hello) {
  if (!CouldOpen(now)) return HandshakeResult::kTableFull;
  const auto cost = hello.ticket ? kResumptionCost : admission::kWhole;
  if (!admission_.TakeHandshake(now, from, cost)) return HandshakeResult::kPrefixLimit;
  if (!MakeRoom(now, admission_.handshakes)) return HandshakeResult::kHalfOpenLimit;
  return std::nullopt;
}

Result<Session*, HandshakeResult> Server::BeginHandshake(TimePoint now, const SocketAddress& from,
                                                         const ClientHello& hello,
                                                         const tls::LinkSample& link) {
  credentials_.tickets().RotateIfDue(now);
  auto engine = CurrentEngine();
  if (engine == nullptr) return Failure(HandshakeResult::kOutOfMemory);
  ConnectionId id;
  do {
    id = connection_ids_->Make(random_, worker_, workers_);
  } while (table_.FindByConnectionId(id) != nullptr);
  auto channel = Channel::Make(std::move(engine), config_, hello, id, link, outbox_);
  if (channel == nullptr) return Failure(HandshakeResult::kOutOfMemory);
  Session& session = table_.Begin(now, from, id, std::move(channel));
  if (!Book(admission_.handshakes, session)) {
    table_.Erase(session);
    return Failure(HandshakeResult::kHalfOpenLimit);
  }
  admission_.stale_alerts.NoteHandshake();
  std::ranges::copy(hello.random, session.client_random.begin());
  ++counters_.handshakes_started;
  return &session;
}

std::shared_ptr<Engine> Server::CurrentEngine() {
  const uint64_t revision = credentials_.revision();
  if (revision != engine_revision_) {
    // Without memory for a new engine the old one stays, and the next handshake tries again.
    if (auto engine = Engine::Make(config_, credentials_, random_)) {
      engine_ = std::move(engine);
      engine_revision_ = revision;
      connection_ids_.emplace(credentials_.identity()->connection_id_secret());
    }
  }
  return engine_;
}

// Handles the effect of a record, or of elapsed time, on a handshake.
void Server::HandshakeStep(TimePoint now, Session& session, Progress progress) {
  switch (progress) {
    case Progress::kNone:
    case Progress::kData: break;
    case Progress::kOpened: return Opened(now, session);
    case Progress::kPeerClosed:
    case Progress::kPeerAlert:
    case Progress::kFailed: return EndHandshake(session, HandshakeResult::kFailed);
  }
  if (const auto deadline = session.channel->deadline()) {
    flights_.Set(session.id, *deadline);
  } else {
    flights_.Cancel(session.id);
  }
}

void Server::Opened(TimePoint now, Session& session) {
  flights_.Cancel(session.id);
  // RFC 6347 §4.2.8: the old session at this address ends only now. The client has forgotten it,
  // so it gets no close_notify. An old session with a connection id may belong to a sleeping client
  // that had this address before: it stays, and is found by its id.
  Session* old = table_.FindOpen(session.peer);
  if (old != nullptr && !old->uses_connection_id) EndSession(*old, CloseReason::kReplaced, false);
  const admission::Holder place = HolderOf(session);  // Unproven, as all newcomers.
  if (!MakeRoom(now, admission_.sessions) || !Book(admission_.sessions, session)) {
    session.channel->Close(session.peer);
    return EndHandshake(session, HandshakeResult::kTableFull);
  }
  admission_.handshakes.Give(place, 1);
  Count(session.channel->resumed() ? HandshakeResult::kResumed : HandshakeResult::kCompleted);
  const bool uses_connection_id = session.channel->uses_connection_id();
  if (uses_connection_id) ++counters_.connection_ids_used;
  table_.Open(now, session, uses_connection_id);
  session.moved_at = now - kMoveInterval;
  const size_t passed = session.channel->passed_bytes();
  events_.Push(SessionOpened{session.id, session.peer, session.channel->lineage(),
                             passed - std::min(passed, kRecordOverheadMax)},
               {});
}

void Server::EndHandshake(Session& session, HandshakeResult result) {
  Count(result);
  ended_hellos_.Add(session.began, session.client_random);
  flights_.Cancel(session.id);
  Discard(session);
}

}  // namespace lowband::edge::dtls
