// Whom to tell that its session is gone: a client that still sends application data after we were
// restarted, or after its address changed, would otherwise stay stuck for minutes.
//
// An alert is no larger than the record that it answers, so that a limit would gain nothing against
// mirroring. The total is there so that after a crash clients come back one after another, and not
// more of them than can make their handshakes. It is a sixtieth of the sessions a second, and there
// are two of it: of prefixes that ask for few alerts, and of those that ask for more (a carrier's
// address translation, or whoever fills the total), who so have nothing of the others' at any time.
//
// Records in the names of others bring nobody back. So, as long as a total is used and few
// handshakes begin, it doubles each second:
//
//   three quarters used, and handshakes fewer than half of the sixtieth ──▶ twice as many
//   more handshakes than the sixtieth, or not a quarter used            ──▶ half as many
//
// What is left to whoever forges sources: while he has real handshakes too, of many networks, or
// after a crash while many clients are coming back, both stay at the sixtieth. Then he can use up
// the one, if he names very many prefixes; or the other, to the cost of clients of prefixes that he
// names often.
//
// Threading: any; a lock for the time of a look-up. Limits: kStaleAlert…
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <unordered_set>
#include <utility>

#include "libs/base/address.h"
#include "libs/base/mutex.h"
#include "libs/base/time.h"
#include "services/edge/admission/prefix_limiter.h"
#include "services/edge/admission/rate.h"

namespace lowband::edge::admission {

class StaleAlerts {
 public:
  explicit StaleAlerts(size_t sessions_max);

  /// True, and counted, if `peer` may be told now.
  bool Take(TimePoint now, const SocketAddress& peer);
  /// Somebody begins a handshake, perhaps since it was told.
  void NoteHandshake() { handshakes_.fetch_add(1, std::memory_order_relaxed); }

 private:
  /// So many a second, and at once, as of late.
  struct Total {
    size_t per_second;
    Rate rate = {};
    uint64_t sent = 0;  ///< In this period.

    bool Take(TimePoint now);
    void Adapt(uint64_t periods, uint64_t handshakes, size_t usual);
  };

  void Forget(TimePoint now) LOWBAND_REQUIRES(mutex_);
  void Adapt(TimePoint now) LOWBAND_REQUIRES(mutex_);

  const size_t usual_;  ///< A second.
  PrefixLimiter prefixes_;
  std::atomic<uint64_t> handshakes_{0};  ///< In this period.
  Mutex mutex_;
  TimePoint period_ LOWBAND_GUARDED_BY(mutex_){};  ///< When it began.
  Total within_ LOWBAND_GUARDED_BY(mutex_);        ///< What a prefix may have anyway.
  Total beyond_ LOWBAND_GUARDED_BY(mutex_);
  std::deque<std::pair<TimePoint, SocketAddress>> by_time_ LOWBAND_GUARDED_BY(mutex_);
  std::unordered_set<SocketAddress> told_ LOWBAND_GUARDED_BY(mutex_);
};

}  // namespace lowband::edge::admission
