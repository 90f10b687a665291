// Whether the process was stopped, or got no CPU, for so long that edges took it for dead. What
// came to it before it went on was given to another translator meanwhile: begun now, it would undo
// what its client did since.
//
//   Tick ─ Tick ─ Tick ───────── stopped ─────────┬─ Tick ─
//   lane opened    requests that nobody has read  └ of that lane nothing more is begun
//
// Threading: Tick by one thread, the rest by any. Limits: kTickInterval, kSleepMin. Sans-IO: time
// is given.
#pragma once

#include <atomic>

#include "libs/base/time.h"
#include "services/translator/ingress/limits.h"

namespace lowband::translator::ingress {

class Awake {
 public:
  /// Each kTickInterval; before the first nothing counts as sleep. True: it has slept since the
  /// last.
  bool Tick(TimePoint now) {
    const TimePoint last = ticked_at_.load();
    const bool slept = IsLate(last, now);
    if (slept) fresh_from_.store(last + kSleepMin);
    ticked_at_.store(now);
    return slept;
  }
  /// Ticks may be missing from now on.
  void Stop() { ticked_at_.store(kNever); }

  /// It has slept between `then`, when it was awake, and `now`.
  bool SleptSince(TimePoint then, TimePoint now) const {
    // The tick that will tell may not have come yet. In this order: the tick stores in the other.
    const TimePoint last = ticked_at_.load();
    return (IsLate(last, now) && then < last + kSleepMin) || then < fresh_from_.load();
  }

 private:
  static constexpr TimePoint kNever = TimePoint::min();
  static bool IsLate(TimePoint last, TimePoint now) {
    return last != kNever && now - last >= kSleepMin;
  }

  std::atomic<TimePoint> ticked_at_{kNever};
  /// What began before has been through a sleep.
  std::atomic<TimePoint> fresh_from_{kNever};
};

}  // namespace lowband::translator::ingress
