// The life of a worker's lanes: how many are open, when one is replaced, when a lost one is
// reopened. Of exchanges it uses only their number.
//
//   kOpening ──opened──▶ kOpen ──expired with successor, or asked───▶ kDraining
//      │                   │                                             │ idle
//      │                   │                                             ▼
//      └──died, timeout────┴──died──▶ (gone) ◀──stream's end, timeout── kFinishing
//
// Threading: one worker thread. Ownership: random and counters outlive the pool. Limits: limits.h.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "libs/base/random.h"
#include "libs/base/time.h"
#include "services/edge/uplink/actions.h"
#include "services/edge/uplink/config.h"
#include "services/edge/uplink/counters.h"
#include "services/edge/uplink/lane.h"
#include "services/edge/uplink/replicas.h"

namespace lowband::edge::uplink {

using Lanes = std::vector<std::unique_ptr<Lane>>;  ///< In the order of their OpenLane actions.

class LanePool {
 public:
  LanePool(const Config& config, Random& random, Counters& counters);

  /// Expires, gives up, cuts off and opens the lanes that are due.
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline() const;

  /// Null when the lane is gone.
  Lane* Find(LaneId id);

  /// The stream is up. Returns the expired lanes that it replaces; they drain now.
  std::vector<Lane*> OnOpened(TimePoint now, LaneId id, std::string_view replica);
  /// The stream ended; the lane is gone when this returns.
  void OnDead(TimePoint now, LaneId id);
  /// The translator wants `lane` (kOpen) to drain. Its successor is opened at once.
  void Drain(TimePoint now, Lane& lane);
  /// Half-closes idle draining lanes. With `all`, idle open ones too.
  void FinishIdle(TimePoint now, bool all);
  /// Asks for LaneWritten of each busy lane that has frames to write, or must finish.
  void AwaitBusy(bool all);

  /// Opens no more lanes.
  void Stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }
  /// Cuts off a lane that only finishes what it has; OnDead() must follow.
  void Abort(LaneId id) { actions_.push_back(AbortLane{id}); }
  /// Gives up the lanes that are still opening.
  void AbortOpening();

  std::optional<Action> PollAction();

  const Lanes& lanes() const { return lanes_; }
  Replicas& replicas() { return replicas_; }
  size_t open() const { return Count(LaneState::kOpen); }
  size_t opening() const { return Count(LaneState::kOpening); }

 private:
  size_t Count(LaneState state) const;
  static bool MayFinish(const Lane& lane, bool all);
  /// Its life is over, and a lane of the same age or younger leads to its replica; or no lane has
  /// reached that replica for so long that it must have left the name.
  bool MayRetire(TimePoint now, const Lane& lane) const;
  /// The number of lanes to open.
  size_t Missing() const;
  void OpenMissing(TimePoint now);
  void Expire(TimePoint now);
  void DelayReopening(TimePoint now, const Lane& lane);
  /// The number of lanes that there should be.
  size_t Wanted() const;
  size_t Least() const;
  /// A replica was found: if it was known, its lanes live on; if not, there may be more new ones.
  void NoteReplica(TimePoint now, const Lane& opened);
  std::vector<Lane*> Retire(TimePoint now);
  /// Decides which lanes are probes: lanes to a replica that has an older lane, unless they are
  /// needed to serve, and expired lanes with a successor.
  void MarkProbes();
  /// MarkProbes(), and sets when the probes are replaced.
  void Spread(TimePoint now);
  Duration RandomLife();
  void Remove(LaneId id);

  const Config& config_;
  Random& random_;
  Counters& counters_;
  Lanes lanes_;
  Replicas replicas_;
  std::deque<Action> actions_;
  LaneId next_id_ = 1;
  bool stopped_ = false;
  /// Losses of lanes in a row; lanes lost together count as one.
  unsigned failures_ = 0;
  TimePoint reopen_at_;
  /// The life of the next probe. Doubled each time, since there may be no other replica; the
  /// minimum again when a replica was found or lost.
  Duration probe_delay_;
};

}  // namespace lowband::edge::uplink
