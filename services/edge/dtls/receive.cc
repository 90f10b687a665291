// Server, first half: records to their sessions.
#include "services/edge/dtls/plaintext.h"
#include "services/edge/dtls/server.h"

namespace lowband::edge::dtls {
namespace {

constexpr uint8_t kMessageClientHello = 1;
// Above the number of any record of a handshake, so that the client does not take it for a replay.
constexpr uint64_t kStaleAlertSequence = 1ULL << 32;

bool IsClientHello(const tls::Record& record) {
  return record.type == tls::RecordType::kHandshake && record.epoch == 0 &&
         record.fragment[0] == kMessageClientHello;
}

}  // namespace

void Server::Receive(TimePoint now, const SocketAddress& from, ByteView datagram) {
  ++counters_.datagrams_received;
  bool greeted = false;
  for (size_t i = 0; i < kRecordsPerDatagramMax; ++i) {
    const auto record = tls::TakeRecord(datagram, kConnectionIdBytes);
    if (!record) return Drop(DropReason::kMalformed);
    // A datagram has one ClientHello, perhaps in fragments; each further answer would go to an
    // address that is not proven.
    if (IsClientHello(*record) && greeted) {
      Drop(DropReason::kBadHello);
    } else {
      const size_t queued = outbox_.size();
      Route(now, from, *record);
      greeted = greeted || outbox_.size() > queued;
    }
    if (datagram.empty()) return;
  }
  Drop(DropReason::kTooManyRecords);
}

void Server::Route(TimePoint now, const SocketAddress& from, const tls::Record& record) {
  if (IsClientHello(record)) return Hello(now, from, record);
  if (Session* session = SessionFor(from, record)) return Deliver(now, from, record, *session);
  Unknown(now, from, record);
}

// Null: the record belongs to no session. While a handshake may replace an open session, a record
// goes only to the one to which it can belong; otherwise anyone could break the other one.
Session* Server::SessionFor(const SocketAddress& from, const tls::Record& record) {
  if (record.type == tls::RecordType::kConnectionId) return table_.FindByConnectionId(IdOf(record));
  Session* handshake = table_.FindHandshake(from);
  // An open session reads no plaintext: anyone can forge alerts of epoch 0.
  if (record.epoch == 0) return handshake;
  if (handshake != nullptr && record.type == tls::RecordType::kHandshake) return handshake;
  Session* open = table_.FindOpen(from);
  // A client with a connection id sends no records without it (RFC 9146 §3).
  if (open != nullptr && !open->uses_connection_id) return open;
  return handshake;
}

void Server::Unknown(TimePoint now, const SocketAddress& from, const tls::Record& record) {
  const bool by_id = record.type == tls::RecordType::kConnectionId;
  const bool at_ours = table_.FindOpen(from) != nullptr;
  Drop(by_id     ? DropReason::kUnknownId
       : at_ours ? DropReason::kNotAccepted
                 : DropReason::kUnknownSession);
  // Only for records whose sender assumes a session, and that are no smaller than the answer.
  if (!config_.stale_alert || at_ours || record.epoch == 0 || record.bytes.size() < kAlertBytes ||
      !(by_id ? connection_ids_->IsOurs(IdOf(record))
              : record.type == tls::RecordType::kApplicationData)) {
    return;
  }
  if (!admission_.stale_alerts.Take(now, from)) {
    ++counters_.stale_alerts_withheld;
    return;
  }
  ++counters_.stale_alerts_sent;
  outbox_.Push(from, WriteAlert(AlertDescription::kInternalError, kStaleAlertSequence));
}

void Server::Deliver(TimePoint now, const SocketAddress& from, const tls::Record& record,
                     Session& session) {
  // A handshake record for an open session is a repeat of the client's last flight.
  if (session.open() && record.type == tls::RecordType::kHandshake && !Repeated(now, session))
    return;
  // A handshake's answers go to the address that the cookie proved, not to this record's source.
  const size_t queued = outbox_.size();
  const auto received = session.channel->Receive(now, session.peer, record.bytes, plaintext_);
  // The engine answered, so the record was no noise: the client waits, perhaps on a bad link.
  if (outbox_.size() > queued && now - session.began < kHandshakeLifeMax &&
      !HasSpoken(session.stage)) {
    table_.Prolong(now, session);
  }
  if (!session.open()) return HandshakeStep(now, session, received.progress);
  switch (received.progress) {
    case Progress::kNone:
    case Progress::kOpened: return Drop(DropReason::kNotAccepted);
    case Progress::kData: return Accept(now, from, record, session, received.data);
    case Progress::kPeerClosed: return EndSession(session, CloseReason::kPeerClosed, true);
    case Progress::kPeerAlert: return EndSession(session, CloseReason::kPeerAlert, false);
    case Progress::kFailed: return EndSession(session, CloseReason::kProtocolError, false);
  }
}

// The engine has decrypted the record and checked for replay: it is authentic.
void Server::Accept(TimePoint now, const SocketAddress& from, const tls::Record& record,
                    Session& session, ByteView data) {
  ++counters_.records_accepted;
  const bool newest = record.sequence > session.newest;
  if (newest) session.newest = record.sequence;
  // RFC 9146 §6: only the newest record moves the address. Otherwise an attacker could forward a
  // delayed record from another address, and divert the answers.
  if (from != session.peer && newest) Follow(now, from, session);
  if (session.unproven) session.unproven->Received(record.bytes.size(), from == session.peer);
  table_.Touch(now, session);
  events_.Push(DataArrived{session.id, {}, record.sequence}, data);
}

void Server::Follow(TimePoint now, const SocketAddress& from, Session& session) {
  if (session.unproven && session.unproven->home() == from) return ReturnHome(now, session);
  if (now - session.moved_at < kMoveInterval) {
    ++counters_.peer_moves_deferred;
    return;
  }
  ++counters_.peer_moves;
  if (session.unproven) {
    session.unproven->Restart();
  } else {
    session.unproven = std::make_unique<UnprovenPath>(session.peer);
  }
  paths_.Set(session.id, now + kPathProofTime);
  table_.Move(now, session, from);
  events_.Push(PeerMoved{session.id, from}, {});
}

void Server::ReturnHome(TimePoint now, Session& session) {
  ++counters_.paths_given_up;
  paths_.Cancel(session.id);
  const auto path = std::move(session.unproven);
  table_.Move(now, session, path->home());
  events_.Push(PeerMoved{session.id, session.peer, true}, {});
  SendHeld(session, path->TakeHeld());
}

// An answer proves the present address only if a record came from that address.
void Server::ProvePath(SessionId id) {
  Session* session = table_.Find(id);
  if (session == nullptr || !session->unproven || !session->unproven->heard_there()) return;
  ++counters_.paths_proven;
  paths_.Cancel(id);
  const auto path = std::move(session->unproven);
  Rehome(*session, admission::NetworkOf(session->peer));
  SendHeld(*session, path->TakeHeld());
}

void Server::SendHeld(Session& session, const std::vector<Bytes>& held) {
  for (const Bytes& data : held) {
    ++(session.channel->Send(session.peer, data) ? counters_.records_sent : counters_.sends_failed);
  }
}

}  // namespace lowband::edge::dtls
