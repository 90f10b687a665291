// The sessions of one worker, found by SessionId, connection id or address, and listed by age: all
// of them, and those of each network.
//
// An address can have two sessions at once: an open one, and a handshake that will replace it when
// it succeeds (RFC 6347 §4.2.8). Sessions with a connection id are found by that, so any number of
// them can share an address; the look-up by address finds the first.
//
// Threading: one worker. Ownership: owns the sessions; pointers to one are valid until its Erase().
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

/// The progress of a session. The table keeps a list of each stage, the oldest in front.
enum class Stage : uint8_t {
  kHandshaking,  ///< By the time it began, or its last sign of life.
  kUnconfirmed,  ///< Open, but without data yet; by the time it opened, or its last sign of life.
  kUnproven,     ///< Its client is unproven; by the time of its last request.
  kProven,       ///< By the time of its last data: the least recently used in front.
};
inline constexpr size_t kStages = 4;

constexpr admission::Standing StandingOf(Stage stage) {
  return stage == Stage::kProven ? admission::Standing::kProven : admission::Standing::kUnproven;
}

using ClientRandom = std::array<uint8_t, 32>;

struct Session;

/// The sessions of one network; each list has the oldest in front.
struct Kin {
  std::list<Session*> handshakes;  ///< By the time they began; signs of life do not count.
  std::list<Session*> unproven;    ///< Including unconfirmed ones, in the order of their lists.
  std::list<Session*> proven;      ///< In the order of their list.
};

struct Session {
  SessionId id;
  Stage stage = Stage::kHandshaking;
  bool uses_connection_id = false;
  SocketAddress peer;
  ConnectionId connection_id;
  ClientRandom client_random;  ///< Distinguishes a repeated ClientHello from a new one.
  uint64_t newest = 0;         ///< The highest record sequence number that carried data.
  TimePoint began;             ///< The start of its handshake.
  TimePoint active_at;         ///< The time of its last data, or of its opening.
  TimePoint since;             ///< The time by which its list is ordered.
  TimePoint moved_at;          ///< The last change of the address.
  TimePoint repeat_after;      ///< Until then, repeated flights of the client get no answer.
  std::unique_ptr<Channel> channel;
  std::unique_ptr<UnprovenPath> unproven;  ///< Null: `peer` is proven.
  admission::Network network{};            ///< For which it is booked: of its last proven address.
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
  /// Turns a handshake into an open session. If another session had the address, it must have been
  /// erased, unless it uses a connection id: then it loses the address.
  void Open(TimePoint now, Session& session, bool uses_connection_id);
  /// Data of an open session came. A proven one becomes the most recently used; the place of an
  /// unproven one does not change.
  void Touch(TimePoint now, Session& session);
  /// A sign of life in a handshake or an unconfirmed session: restarts its time.
  void Prolong(TimePoint now, Session& session);
  /// A request came, not only data: restarts the time of an unproven session.
  void NoteRequest(TimePoint now, Session& session);
  /// The client of an open session is proven.
  void Prove(TimePoint now, Session& session);
  /// Only for a session with a connection id.
  void Move(TimePoint now, Session& session, const SocketAddress& peer);
  /// Moves a session to the lists of another network.
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
  /// The open sessions, in the order of their lists.
  std::vector<SessionId> QuietestFirst() const;

  size_t handshakes() const { return lists_[0].size(); }
  /// Open sessions.
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
  std::unordered_map<admission::Network, Kin> networks_;  ///< Those with sessions here.
  std::unordered_map<SessionId, Session*> by_id_;
  std::unordered_map<ConnectionId, Session*, ConnectionIdHash> by_connection_id_;
  std::unordered_map<SocketAddress, Session*> open_by_address_;
  std::unordered_map<SocketAddress, Session*> handshakes_by_address_;
};

}  // namespace lowband::edge::dtls
