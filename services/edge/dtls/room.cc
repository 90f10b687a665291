// Server, third part: places for sessions and handshakes, and eviction.
#include <algorithm>
#include <utility>

#include "services/edge/admission/limits.h"
#include "services/edge/dtls/server.h"

namespace lowband::edge::dtls {

void Server::Prove(TimePoint now, SessionId id) {
  Session* session = table_.Find(id);
  if (session == nullptr || !session->open() || session->stage == Stage::kProven) return;
  const auto before = HolderOf(*session);
  table_.Prove(now, *session);
  admission_.sessions.Move(before, HolderOf(*session), 1);
  ++counters_.sessions_proven;
}

void Server::NoteRequest(TimePoint now, SessionId id) {
  Session* session = table_.Find(id);
  if (session != nullptr && session->open()) table_.NoteRequest(now, *session);
}

// Whether MakeRoom() would find a place for a session, without ending one: a handshake that cannot
// succeed is not begun.
bool Server::CouldOpen(TimePoint now) {
  const Ledger& ledger = admission_.sessions;
  const auto victim = ledger.Overdraft({.more = 1});
  if (!victim || victim->worker != worker_ || victim->standing == Standing::kUnproven) return true;
  if (ProvenToEnd(now, *victim) != nullptr) return true;
  return ledger.Overdraft({.more = 1, .proven_in_use = true}).has_value();
}

// Makes room for a newcomer, before it is booked, so that it cannot be its own victim. False: no
// holding can end.
bool Server::MakeRoom(TimePoint now, Ledger& ledger) {
  while (const auto victim = ledger.Overdraft({.more = 1})) {
    if (victim->worker != worker_) {
      Ask({victim->worker, false});
      return true;
    }
    if (Evict(now, ledger, *victim)) continue;
    const auto other = ledger.Overdraft({.more = 1, .proven_in_use = true});
    if (!other) return false;
    if (other->worker != worker_) {
      Ask({other->worker, true});
      return true;
    }
    if (!Evict(now, ledger, *other)) return false;
  }
  return true;
}

// Passes the request on to the worker that the ledger names now. A named worker ends a holding, or
// finds that no proven one can end and asks for an unproven one, so two workers cannot loop.
void Server::Relieve(TimePoint now, bool proven_in_use) {
  for (Ledger* ledger : {&admission_.handshakes, &admission_.sessions}) {
    while (const auto victim = ledger->Overdraft({.proven_in_use = proven_in_use})) {
      if (victim->worker != worker_) {
        Ask({victim->worker, proven_in_use});
        break;
      }
      if (Evict(now, *ledger, *victim)) {
        ++counters_.reliefs_given;
        continue;
      }
      const auto other = ledger->Overdraft({.proven_in_use = true});
      if (!other) break;
      if (other->worker != worker_) {
        Ask({other->worker, true});
        break;
      }
      if (!Evict(now, *ledger, *other)) break;
      ++counters_.reliefs_given;
    }
  }
}

// True if a holding ended.
bool Server::Evict(TimePoint now, const Ledger& ledger, const Victim& victim) {
  if (&ledger == &admission_.handshakes) {
    Session* handshake = table_.OldestHandshake(victim.network);
    if (handshake == nullptr) return false;
    EndHandshake(*handshake, HandshakeResult::kMadeRoom);
    return true;
  }
  const bool proven = victim.standing == Standing::kProven;
  Session* session =
      proven ? ProvenToEnd(now, victim) : table_.Oldest(victim.network, Standing::kUnproven);
  if (session == nullptr) return false;
  EndSession(*session, proven ? CloseReason::kEvicted : CloseReason::kEvictedUnproven, true);
  return true;
}

// The network with the most loses its least recently used session, even one in use if the network
// is a hog. If that one is in use, the least recently used of all is taken, unless in use too.
Session* Server::ProvenToEnd(TimePoint now, const Victim& victim) {
  const auto quiet = [&](const Session* session) {
    return session != nullptr && now - session->active_at >= kEvictableAfter;
  };
  Session* own = table_.Oldest(victim.network, Standing::kProven);
  if (quiet(own) || admission::IsHog(victim.held, admission_.sessions.max())) return own;
  Session* any = table_.Oldest(Stage::kProven);
  return quiet(any) ? any : nullptr;
}

void Server::Ask(const Relief& relief) {
  ++counters_.reliefs_asked;
  if (std::ranges::find(reliefs_, relief) == reliefs_.end()) reliefs_.push_back(relief);
}

std::optional<Relief> Server::PollRelief() {
  if (reliefs_.empty()) return std::nullopt;
  const Relief relief = reliefs_.back();
  reliefs_.pop_back();
  return relief;
}

admission::Holder Server::HolderOf(const Session& session) const {
  return {session.network, StandingOf(session.stage), worker_};
}

// False if it is refused after all, since other workers have not made room yet.
bool Server::Book(Ledger& ledger, const Session& session) {
  return ledger.Take(HolderOf(session), 1) != Ledger::Verdict::kFull;
}

void Server::Rehome(Session& session, admission::Network network) {
  if (network == session.network) return;
  const auto before = HolderOf(session);
  table_.Rehome(session, network);
  admission_.sessions.Move(before, HolderOf(session), 1);
}

void Server::Discard(Session& session) {
  (session.open() ? admission_.sessions : admission_.handshakes).Give(HolderOf(session), 1);
  table_.Erase(session);
}

}  // namespace lowband::edge::dtls
