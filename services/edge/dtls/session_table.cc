#include "services/edge/dtls/session_table.h"

#include <cstdlib>
#include <utility>

namespace lowband::edge::dtls {
namespace {

template <class Map, class Key>
Session* FindIn(Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : found->second;
}

}  // namespace

Session& SessionTable::Begin(TimePoint now, const SocketAddress& peer, const ConnectionId& id,
                             std::unique_ptr<Channel> channel) {
  auto& list = ListOf(Stage::kHandshaking);
  Session& session = list.emplace_back();
  session.self = std::prev(list.end());
  session.id = SessionId{++last_id_};
  session.peer = peer;
  session.connection_id = id;
  session.began = now;
  session.since = now;
  session.channel = std::move(channel);
  Adopt(session, admission::NetworkOf(peer));
  by_id_.emplace(session.id, &session);
  by_connection_id_.emplace(id, &session);
  handshakes_by_address_.emplace(peer, &session);
  return session;
}

void SessionTable::Open(TimePoint now, Session& session, bool uses_connection_id) {
  handshakes_by_address_.erase(session.peer);
  open_by_address_.insert_or_assign(session.peer, &session);
  session.active_at = now;
  session.uses_connection_id = uses_connection_id;
  if (!uses_connection_id) by_connection_id_.erase(session.connection_id);
  PutInto(Stage::kUnconfirmed, now, session);
}

void SessionTable::Touch(TimePoint now, Session& session) {
  session.active_at = now;
  if (session.stage == Stage::kUnproven) return;
  PutInto(session.stage == Stage::kProven ? Stage::kProven : Stage::kUnproven, now, session);
}

// Only within its stage's list: repeats do not make a handshake younger among its network's.
void SessionTable::Prolong(TimePoint now, Session& session) {
  auto& list = ListOf(session.stage);
  list.splice(list.end(), list, session.self);
  session.since = now;
}

void SessionTable::NoteRequest(TimePoint now, Session& session) {
  if (session.stage != Stage::kProven) PutInto(Stage::kUnproven, now, session);
}

void SessionTable::Prove(TimePoint now, Session& session) { PutInto(Stage::kProven, now, session); }

void SessionTable::Move(TimePoint now, Session& session, const SocketAddress& peer) {
  ReleaseAddress(session);
  session.peer = peer;
  session.moved_at = now;
  // A session that has the new address already keeps it: without a connection id it cannot be found
  // otherwise, and no client may take an address from another.
  open_by_address_.emplace(peer, &session);
}

void SessionTable::Rehome(Session& session, admission::Network network) {
  LeaveKin(session);
  Adopt(session, network);
}

void SessionTable::Erase(Session& session) {
  ReleaseAddress(session);
  LeaveKin(session);
  by_id_.erase(session.id);
  if (FindByConnectionId(session.connection_id) == &session) {
    by_connection_id_.erase(session.connection_id);
  }
  ListOf(session.stage).erase(session.self);
}

Session* SessionTable::Find(SessionId id) { return FindIn(by_id_, id); }
Session* SessionTable::FindByConnectionId(const ConnectionId& id) {
  return FindIn(by_connection_id_, id);
}
Session* SessionTable::FindOpen(const SocketAddress& peer) {
  return FindIn(open_by_address_, peer);
}
Session* SessionTable::FindHandshake(const SocketAddress& peer) {
  return FindIn(handshakes_by_address_, peer);
}

std::vector<SessionId> SessionTable::QuietestFirst() const {
  std::vector<SessionId> ids;
  ids.reserve(sessions());
  for (const Stage stage : {Stage::kUnconfirmed, Stage::kUnproven, Stage::kProven}) {
    for (const Session& session : lists_[static_cast<size_t>(stage)]) ids.push_back(session.id);
  }
  return ids;
}

Session* SessionTable::Oldest(Stage stage) {
  auto& list = ListOf(stage);
  return list.empty() ? nullptr : &list.front();
}

Session* SessionTable::OldestHandshake(admission::Network network) {
  const auto found = networks_.find(network);
  if (found == networks_.end() || found->second.handshakes.empty()) return nullptr;
  return found->second.handshakes.front();
}

Session* SessionTable::Oldest(admission::Network network, admission::Standing standing) {
  const auto found = networks_.find(network);
  if (found == networks_.end()) return nullptr;
  const bool proven = standing == admission::Standing::kProven;
  const auto& list = proven ? found->second.proven : found->second.unproven;
  return list.empty() ? nullptr : list.front();
}

void SessionTable::PutInto(Stage stage, TimePoint now, Session& session) {
  auto& to = ListOf(stage);
  to.splice(to.end(), ListOf(session.stage), session.self);
  auto& kin = ListIn(*session.kin, stage);
  kin.splice(kin.end(), ListIn(*session.kin, session.stage), session.self_in_kin);
  session.stage = stage;
  session.since = now;
}

void SessionTable::Adopt(Session& session, admission::Network network) {
  session.network = network;
  session.kin = &networks_[network];
  auto& kin = ListIn(*session.kin, session.stage);
  session.self_in_kin = kin.insert(kin.end(), &session);
}

void SessionTable::LeaveKin(Session& session) {
  Kin& kin = *session.kin;
  ListIn(kin, session.stage).erase(session.self_in_kin);
  if (kin.handshakes.empty() && kin.unproven.empty() && kin.proven.empty()) {
    networks_.erase(session.network);
  }
}

std::list<Session*>& SessionTable::ListIn(Kin& kin, Stage stage) {
  switch (stage) {
    case Stage::kHandshaking: return kin.handshakes;
    case Stage::kUnconfirmed:
    case Stage::kUnproven: return kin.unproven;
    case Stage::kProven: return kin.proven;
  }
  std::abort();
}

void SessionTable::ReleaseAddress(const Session& session) {
  auto& index = session.open() ? open_by_address_ : handshakes_by_address_;
  const auto found = index.find(session.peer);
  if (found != index.end() && found->second == &session) index.erase(found);
}

}  // namespace lowband::edge::dtls
