#include "services/edge/uplink/lane_spread.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace lowband::edge::uplink {
namespace {

/// So many exchanges more without a word from a replica, and its next turn is twice as far away.
/// One that hangs gets less than a hundred before it is given up; one that is well says something
/// sooner than that.
constexpr size_t kUnheardStep = 8;
/// The farthest that a turn is away: one that is well again must be noticed.
constexpr size_t kTurnShiftMax = 10;

bool IsOpen(const Lane& lane) { return lane.state == LaneState::kOpen; }

bool SameReplica(const Lane& one, const Lane& other) {
  return !one.replica.empty() && one.replica == other.replica;
}

/// Another open lane with life left leads there too.
bool HasSuccessor(const Lanes& lanes, const Lane& lane) {
  return std::any_of(lanes.begin(), lanes.end(), [&](const auto& other) {
    return other->id != lane.id && IsOpen(*other) && !other->expired && SameReplica(*other, lane);
  });
}

/// The first open lane to the replica; of those with life left, if `living`.
bool IsFirst(const Lanes& lanes, const Lane& lane, bool living) {
  for (const auto& other : lanes) {
    if (other->id == lane.id) return true;
    if (IsOpen(*other) && !(living && other->expired) && SameReplica(*other, lane)) return false;
  }
  return true;
}

void SetTurn(const Lanes& lanes, Lane& lane, uint64_t turn) {
  lane.turn = turn;
  for (const auto& other : lanes) {
    if (SameReplica(*other, lane)) other->turn = turn;
  }
}

/// Whose turn is next, `lane` and its like left aside.
std::optional<uint64_t> NextTurn(const Lanes& lanes, const Lane& lane) {
  std::optional<uint64_t> next;
  for (const auto& other : lanes) {
    if (other->id == lane.id || !IsOpen(*other) || SameReplica(*other, lane)) continue;
    next = std::min(next.value_or(other->turn), other->turn);
  }
  return next;
}

size_t ReplicaUnheard(const Lanes& lanes, const Lane& lane) {
  size_t sum = lane.unheard;
  for (const auto& other : lanes) {
    if (other->id != lane.id && IsOpen(*other) && SameReplica(*other, lane)) sum += other->unheard;
  }
  return sum;
}

/// Lanes of one replica have the same turn; among them the one that waits for less.
Lane* Next(const Lanes& lanes, bool spare, std::string_view avoided) {
  Lane* best = nullptr;
  for (const auto& lane : lanes) {
    if (!IsOpen(*lane) || lane->spare != spare) continue;
    if (!avoided.empty() && lane->replica == avoided) continue;
    const auto rank = [](const Lane& one) { return std::tie(one.turn, one.unheard, one.used); };
    if (best == nullptr || rank(*lane) < rank(*best)) best = lane.get();
  }
  return best;
}

}  // namespace

size_t KnownReplicas(const Lanes& lanes) {
  return static_cast<size_t>(std::count_if(lanes.begin(), lanes.end(), [&](const auto& lane) {
    return IsOpen(*lane) && !lane->replica.empty() && IsFirst(lanes, *lane, false);
  }));
}

void MarkSpares(const Lanes& lanes, size_t least) {
  size_t serving = 0;
  for (const auto& lane : lanes) {
    lane->spare = IsOpen(*lane) &&
                  (lane->expired ? HasSuccessor(lanes, *lane) : !IsFirst(lanes, *lane, true));
    if (IsOpen(*lane) && !lane->spare) ++serving;
  }
  for (const auto& lane : lanes) {
    if (serving >= least) return;
    if (!lane->spare || lane->expired) continue;
    lane->spare = false;
    ++serving;
  }
}

Lane* ChooseLane(const Lanes& lanes, std::string_view avoided) {
  Lane* chosen = Next(lanes, false, avoided);
  if (chosen == nullptr) chosen = Next(lanes, true, avoided);
  if (chosen == nullptr && !avoided.empty()) return ChooseLane(lanes);
  if (chosen == nullptr) return nullptr;
  const size_t shift = std::min(ReplicaUnheard(lanes, *chosen) / kUnheardStep, kTurnShiftMax);
  SetTurn(lanes, *chosen, chosen->turn + (uint64_t{1} << shift));
  chosen->used = chosen->turn;
  ++chosen->unheard;
  return chosen;
}

void JoinTurns(const Lanes& lanes, Lane& opened) {
  for (const auto& other : lanes) {
    if (other->id != opened.id && IsOpen(*other) && SameReplica(*other, opened)) {
      opened.turn = other->turn;
      return;
    }
  }
  opened.turn = NextTurn(lanes, opened).value_or(0);
}

void NoteHeard(const Lanes& lanes, Lane& lane) {
  const bool was_slow = ReplicaUnheard(lanes, lane) >= kUnheardStep;
  lane.unheard = 0;
  if (!was_slow) return;
  if (const auto next = NextTurn(lanes, lane)) SetTurn(lanes, lane, std::min(lane.turn, *next + 1));
}

bool MayRetire(const Lanes& lanes, const Lane& lane, TimePoint now, Duration overdue) {
  return HasSuccessor(lanes, lane) || now - lane.timer_at >= overdue;
}

}  // namespace lowband::edge::uplink
