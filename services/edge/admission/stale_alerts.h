// Whom to tell that its session is gone: a client that still sends application data after we were
// restarted, or after its address changed, would otherwise stay stuck for minutes.
//
// Who sends from addresses that are not his own can use up the alerts of the prefixes that he
// names; the total is in proportion to the sessions.
//
// Threading: any; a lock for the time of a look-up. Limits: kStaleAlert…; no more addresses are
// remembered than can be told in one interval.
#pragma once

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

 private:
  void Forget(TimePoint now) LOWBAND_REQUIRES(mutex_);

  const RateLimit limit_;
  PrefixLimiter prefixes_;
  Mutex mutex_;
  Rate rate_ LOWBAND_GUARDED_BY(mutex_);
  std::deque<std::pair<TimePoint, SocketAddress>> by_time_ LOWBAND_GUARDED_BY(mutex_);
  std::unordered_set<SocketAddress> told_ LOWBAND_GUARDED_BY(mutex_);
};

}  // namespace lowband::edge::admission
