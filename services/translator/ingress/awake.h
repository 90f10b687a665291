// Whether the process was stopped, or got no CPU, for so long that edges considered it dead. Edges
// gave the requests that it had received by then to another translator: begun now, they would undo
// later changes of their clients.
//
//   Tick ─ Tick ─ Tick ───────── stopped ─────────┬─ Tick ─
//   lane opened        unread requests            └ no more of that lane's requests are begun
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
  /// To be called each kTickInterval; before the first call nothing counts as sleep. True: it has
  /// slept since the last call.
  bool Tick(TimePoint now) {
    const TimePoint last = ticked_at_.load();
    const bool slept = IsLate(last, now);
    if (slept) fresh_from_.store(last + kSleepMin);
    ticked_at_.store(now);
    return slept;
  }
  /// Ticks may be missing from now on.
  void Stop() { ticked_at_.store(kNever); }

  /// Whether it slept between `then`, when it was awake, and `now`.
  bool SleptSince(TimePoint then, TimePoint now) const {
    // The tick that detects the sleep may not have come yet. Load in this order: the tick stores in
    // the reverse one.
    const TimePoint last = ticked_at_.load();
    return (IsLate(last, now) && then < last + kSleepMin) || then < fresh_from_.load();
  }

 private:
  static constexpr TimePoint kNever = TimePoint::min();
  static bool IsLate(TimePoint last, TimePoint now) {
    return last != kNever && now - last >= kSleepMin;
  }

  std::atomic<TimePoint> ticked_at_{kNever};
  /// Exchanges that began before this time have been through a sleep.
  std::atomic<TimePoint> fresh_from_{kNever};
};

}  // namespace lowband::translator::ingress
