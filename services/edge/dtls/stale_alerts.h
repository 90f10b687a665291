// Whom to tell that its session is gone: a client that still sends application data after we were
// restarted, or after its address changed, would otherwise stay stuck for minutes.
//
// Threading: one thread. Limits: kStaleAlertInterval, kStaleAlertsPerSecond; so no more addresses
// are remembered than can be told in one interval.
#pragma once

#include <deque>
#include <unordered_set>
#include <utility>

#include "libs/base/address.h"
#include "libs/base/time.h"
#include "services/edge/dtls/rate.h"

namespace lowband::edge::dtls {

class StaleAlerts {
 public:
  /// The limit of the process is shared out to `workers`.
  explicit StaleAlerts(unsigned workers);

  /// True, and counted, if `peer` may be told now.
  bool Take(TimePoint now, const SocketAddress& peer);

 private:
  RateLimit limit_;
  Rate rate_;
  std::deque<std::pair<TimePoint, SocketAddress>> by_time_;
  std::unordered_set<SocketAddress> told_;
};

}  // namespace lowband::edge::dtls
