// The places at the homeserver: which requests start, which wait, which are refused, and which poll
// ends so that another may start.
//
//   Enter ──▶ active     there is a place: polls take seven eighths at most, and of the last eighth
//               ▲        only owners that have less than a quarter get any
//               │ turn
//             waiting    polls in a queue of their own, so that they delay no other requests; in
//               │        turn by owner; a poll of the owner with the fewest polls first
//               ▼
//             dropped    the queue is full: the newest of the owner with most waiting, if that is
//                        more than the newcomer's owner would have; else the newcomer is refused
//
//   A poll that finds no place:
//     another owner has more polls than its owner would have with it
//                        ──▶ active, the oldest of the owner with most is dropped
//     its owner is at its limit, or has some while polls have all their places
//                        ──▶ active, the owner's own oldest is dropped, if it had kPollHeldMin;
//                            else refused: a client that repeats at once must not open one
//                            connection after the other
//     else               ──▶ waiting
//
// So an owner with many requests never keeps out one with few. A dropped poll can be repeated from
// its position; no other active request is ever dropped.
//
// Threading: one thread. Limits: those of the constructor, limits.h. Sans-IO: time is given, and
// the caller starts and ends the requests.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "libs/base/holdings.h"
#include "libs/base/time.h"
#include "services/translator/upstream/waiting_line.h"

namespace lowband::translator::upstream {

/// The part of `places` that polls cannot take: an eighth, at least one, but none of a single
/// place.
constexpr size_t ReserveOf(size_t places) {
  return places < 2 ? 0 : std::max<size_t>(1, places / 8);
}

struct PlaceLimits {
  size_t active_max = 1;
  /// Of both queues together. Polls have the part that ReserveOf leaves.
  size_t pending_max = 0;
  /// Of one owner, active and waiting.
  size_t polls_per_owner_max = 1;
};

class Places {
 public:
  enum class Kind : uint8_t {
    kShort,  ///< Ends as soon as the homeserver has carried it out.
    kPoll,   ///< The homeserver holds it until there is news; may be dropped.
  };
  enum class Verdict : uint8_t {
    kStart,
    kWait,
    kRefuse,
    kTooMany,  ///< Refused: a poll of an owner that has too many.
  };
  struct Admission {
    Verdict verdict = Verdict::kRefuse;
    /// The request that made room and was removed: it was active or waiting.
    std::optional<uint64_t> dropped;
  };

  explicit Places(const PlaceLimits& limits);

  /// Ids count up. A new request takes a free place at once: so call StartNext first after a
  /// request has left.
  Admission Enter(TimePoint now, uint64_t id, Owner owner, Kind kind);
  /// The next request that starts, which becomes active. None: none waits, or none may start.
  std::optional<uint64_t> StartNext(TimePoint now);
  /// The request has ended, in any way, active or waiting. Unknown ids are ignored.
  void Leave(uint64_t id);

  size_t active() const { return polls_.size() + shorts_.size(); }
  size_t polls_active() const { return polls_.size(); }
  size_t waiting() const { return poll_line_.waiting().size() + short_line_.waiting().size(); }
  /// The most active polls that one owner has.
  size_t most_polls() const;

 private:
  struct Entry {
    Owner owner;
    Kind kind;
    std::optional<TimePoint> started;  ///< None: it waits.
  };
  /// The poll that makes room for another.
  struct Room {
    std::optional<uint64_t> drop = {};
    bool too_many = false;  ///< None makes room: its owner has too many.
  };

  Admission EnterPoll(TimePoint now, uint64_t id, Owner owner);
  Admission EnterShort(TimePoint now, uint64_t id, Owner owner);
  /// Puts it into the queue, if there is room or another one to make room.
  Admission Wait(uint64_t id, Owner owner, Kind kind);
  Room RoomForPoll(TimePoint now, Owner newcomer) const;
  Room OwnRoom(TimePoint now, Owner owner) const;

  bool PollMayStart() const;
  bool ShortMayStart(bool has_its_share) const;
  bool HasItsShare(Owner owner) const { return shorts_.Of(owner) >= share_; }
  void Start(TimePoint now, uint64_t id, Owner owner, Kind kind);
  WaitingLine& LineOf(Kind kind) { return kind == Kind::kPoll ? poll_line_ : short_line_; }
  size_t RankOf(Owner owner, Kind kind) const;
  /// The number of places of `owner` has changed.
  void Rank(Owner owner, Kind kind) { LineOf(kind).SetRank(owner, RankOf(owner, kind)); }

  const PlaceLimits limits_;
  const size_t polls_max_;
  const size_t polls_waiting_max_;
  /// Limit of one owner's requests other than polls, also in the reserve.
  const size_t share_;

  std::unordered_map<uint64_t, Entry> entries_;
  Holdings polls_;   ///< Active.
  Holdings shorts_;  ///< Active.
  WaitingLine poll_line_;
  WaitingLine short_line_;
  bool poll_was_last_ = false;  ///< Of the last request that StartNext started.
};

}  // namespace lowband::translator::upstream
