// The life of a worker's lanes: how many are open, when one is replaced, when a lost one is tried
// again. Knows nothing of exchanges but their number.
//
//   kOpening ──opened──▶ kOpen ──expired and succeeded, or told to──▶ kDraining
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

using Lanes = std::vector<std::unique_ptr<Lane>>;  ///< In the order in which they were asked for.

class LanePool {
 public:
  LanePool(const Config& config, Random& random, Counters& counters);

  /// Expires, gives up, cuts off and opens what is due.
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline() const;

  /// Null when the lane is gone.
  Lane* Find(LaneId id);

  /// The stream is up. Returns the expired lanes that it replaces and that now drain.
  std::vector<Lane*> OnOpened(TimePoint now, LaneId id, std::string_view replica);
  /// The stream ended; the lane is gone when this returns.
  void OnDead(TimePoint now, LaneId id);
  /// The translator wants `lane` (kOpen) to drain. Its successor is opened at once.
  void Drain(TimePoint now, Lane& lane);
  /// Half-closes the draining lanes that have nothing left. With `all`, the idle open ones too.
  void FinishIdle(TimePoint now, bool all);
  /// Asks for word of each lane that is not writable and has something to write, or to finish.
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
  /// Its life is over, and a lane that is no older leads to its replica; or none came out there
  /// again for so long that it must be gone from the name.
  bool MayRetire(TimePoint now, const Lane& lane) const;
  /// Lanes short of what is configured.
  size_t Missing() const;
  void OpenMissing(TimePoint now);
  void Expire(TimePoint now);
  void DelayReopening(TimePoint now, const Lane& lane);
  /// How many lanes there shall be now.
  size_t Wanted() const;
  size_t Least() const;
  /// A replica was found: where it was known, its lanes live on; if not, there may be more.
  void NoteReplica(TimePoint now, const Lane& opened);
  std::vector<Lane*> Retire(TimePoint now);
  /// Decides anew which lanes are probes: those that lead where an older one leads, but for as many
  /// as must serve, and those whose life is over and that have a successor.
  void MarkProbes();
  /// The same, and when they are replaced.
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
  /// Lanes lost in a row, those that were lost together counted as one.
  unsigned failures_ = 0;
  TimePoint reopen_at_;
  /// How long the next probe stays. Doubled each time, since there may be no other replica; back at
  /// its minimum when one was found or lost.
  Duration probe_delay_;
};

}  // namespace lowband::edge::uplink
