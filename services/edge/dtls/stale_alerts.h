// Whom to tell that its session is gone: a client that still sends application data after we were
// restarted, or after its address changed, would otherwise stay stuck for minutes.
//
// Who sends from addresses that are not his own can use up the alerts of the prefixes that he
// names; the total is in proportion to the sessions.
//
// Threading: one thread. Limits: kStaleAlert…; no more addresses are remembered than can be told in
// one interval.
#pragma once

#include <deque>
#include <unordered_set>
#include <utility>

#include "libs/base/address.h"
#include "libs/base/time.h"
#include "services/edge/dtls/prefix_limiter.h"
#include "services/edge/dtls/rate.h"

namespace lowband::edge::dtls {

class StaleAlerts {
 public:
  /// The limits of the process are shared out to `workers`, of which each has `sessions_max`.
  StaleAlerts(size_t sessions_max, unsigned workers);

  /// True, and counted, if `peer` may be told now.
  bool Take(TimePoint now, const SocketAddress& peer);

 private:
  RateLimit limit_;
  Rate rate_;
  PrefixLimiter prefixes_;
  std::deque<std::pair<TimePoint, SocketAddress>> by_time_;
  std::unordered_set<SocketAddress> told_;
};

}  // namespace lowband::edge::dtls
