// The sessions of one worker, found by name, connection id or address, and listed by age: all of
// them, and those of each network.
//
// An address can have two sessions at once: one that is open, and a handshake that will replace it
// when it succeeds (RFC 6347 §4.2.8). Sessions with a connection id need no address to be found
// by, so any number of them can be at one; the first has it for its own.
//
// Threading: one worker. Ownership: owns the sessions; pointers to one are good until its Erase().
// Limits: none of its own; the server asks for room first.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "libs/base/address.h"
#include "libs/base/time.h"
#include "services/edge/admission/ledger.h"
#include "services/edge/admission/prefix.h"
#include "services/edge/dtls/channel.h"
#include "services/edge/dtls/connection_id.h"
#include "services/edge/dtls/session_id.h"
#include "services/edge/dtls/unproven_path.h"

namespace lowband::edge::dtls {

/// How far a session got; also the lists that the table keeps, the oldest in front.
enum class Stage : uint8_t {
  kHandshaking,  ///< By the time it began, or its client was there.
  kUnconfirmed,  ///< Open, but nothing came yet; by the time it opened, or its client was there.
  kUnproven,     ///< The homeserver does not know its client; by the time of its last request.
  kProven,       ///< By the time it was last heard of: the least recently used in front.
};
inline constexpr size_t kStages = 4;

constexpr admission::Standing StandingOf(Stage stage) {
  return stage == Stage::kProven ? admission::Standing::kProven : admission::Standing::kUnproven;
}

using ClientRandom = std::array<uint8_t, 32>;

struct Session;

/// Of one network, each list with the oldest in front.
struct Kin {
  std::list<Session*> handshakes;  ///< By the time they began, whatever came of them since.
  std::list<Session*> unproven;    ///< Unconfirmed ones too, as in their lists.
  std::list<Session*> proven;      ///< As in their list.
};

struct Session {
  SessionId id;
  Stage stage = Stage::kHandshaking;
  bool uses_connection_id = false;
  SocketAddress peer;
  ConnectionId connection_id;
  ClientRandom client_random;  ///< Tells a repeated ClientHello from a new one.
  uint64_t newest = 0;         ///< The highest record sequence number that carried data.
  TimePoint began;             ///< When its handshake did.
  TimePoint active_at;         ///< When data came last, or it opened.
  TimePoint since;             ///< Of the list that it is in.
  TimePoint moved_at;          ///< When the address last changed.
  TimePoint repeat_after;      ///< A flight that the client repeats is answered only later.
  std::unique_ptr<Channel> channel;
  std::unique_ptr<UnprovenPath> unproven;  ///< `peer` is not proven; null: it is.
  admission::Network network{};            ///< Who answers for it: of its last proven address.
  std::list<Session>::iterator self;
  Kin* kin = nullptr;
  std::list<Session*>::iterator self_in_kin;

  bool open() const { return stage != Stage::kHandshaking; }
};

class SessionTable {
 public:
  SessionTable() = default;
  SessionTable(const SessionTable&) = delete;
  SessionTable& operator=(const SessionTable&) = delete;

  /// Adds a handshake. There must be none at `peer`, and `id` must be free.
  Session& Begin(TimePoint now, const SocketAddress& peer, const ConnectionId& id,
                 std::unique_ptr<Channel> channel);
  /// Turns a handshake into an open session. If the address is another's, that one must have been
  /// erased, or it uses a connection id and loses the address.
  void Open(TimePoint now, Session& session, bool uses_connection_id);
  /// Heard data of an open session. A proven one becomes the most recently used; an unproven one
  /// gains nothing by it.
  void Touch(TimePoint now, Session& session);
  /// The client of one that is not heard of yet is there still: its time starts again.
  void Prolong(TimePoint now, Session& session);
  /// A request came, not just data: the time of an unproven one starts again.
  void NoteRequest(TimePoint now, Session& session);
  /// The homeserver knows the client of an open session.
  void Prove(TimePoint now, Session& session);
  /// Only of a session with a connection id.
  void Move(TimePoint now, Session& session, const SocketAddress& peer);
  /// Another network answers for it.
  void Rehome(Session& session, admission::Network network);
  void Erase(Session& session);

  Session* Find(SessionId id);
  Session* FindByConnectionId(const ConnectionId& id);
  /// The open session that the address belongs to, or null.
  Session* FindOpen(const SocketAddress& peer);
  Session* FindHandshake(const SocketAddress& peer);
  /// The oldest of a list, or null.
  Session* Oldest(Stage stage);
  /// The oldest of a network, or null.
  Session* OldestHandshake(admission::Network network);
  Session* Oldest(admission::Network network, admission::Standing standing);
  /// The open ones, in the order of their lists.
  std::vector<SessionId> QuietestFirst() const;

  size_t handshakes() const { return lists_[0].size(); }
  /// Open ones.
  size_t sessions() const { return lists_[1].size() + lists_[2].size() + lists_[3].size(); }

 private:
  void PutInto(Stage stage, TimePoint now, Session& session);
  void Adopt(Session& session, admission::Network network);
  void LeaveKin(Session& session);
  static std::list<Session*>& ListIn(Kin& kin, Stage stage);
  void ReleaseAddress(const Session& session);
  std::list<Session>& ListOf(Stage stage) { return lists_[static_cast<size_t>(stage)]; }

  uint64_t last_id_ = 0;
  std::array<std::list<Session>, kStages> lists_;
  std::unordered_map<admission::Network, Kin> networks_;  ///< Those that have something here.
  std::unordered_map<SessionId, Session*> by_id_;
  std::unordered_map<ConnectionId, Session*, ConnectionIdHash> by_connection_id_;
  std::unordered_map<SocketAddress, Session*> open_by_address_;
  std::unordered_map<SocketAddress, Session*> handshakes_by_address_;
};

}  // namespace lowband::edge::dtls
