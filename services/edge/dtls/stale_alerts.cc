#include "services/edge/dtls/stale_alerts.h"

#include <algorithm>

#include "services/edge/dtls/limits.h"

namespace lowband::edge::dtls {

StaleAlerts::StaleAlerts(size_t sessions_max, unsigned workers)
    : prefixes_({kStaleAlertsOfAPrefixPerSecond, kStaleAlertsOfAPrefixAtOnce}) {
  limit_.per_second = std::max<size_t>(
      {1, kStaleAlertsPerSecondMin / workers, sessions_max / size_t{kStaleAlertsForAll.count()}});
  limit_.burst = limit_.per_second;
}

bool StaleAlerts::Take(TimePoint now, const SocketAddress& peer) {
  while (!by_time_.empty() && now - by_time_.front().first >= kStaleAlertInterval) {
    told_.erase(by_time_.front().second);
    by_time_.pop_front();
  }
  if (told_.contains(peer) || !prefixes_.Take(now, peer) || !rate_.Take(now, limit_)) return false;
  told_.insert(peer);
  by_time_.emplace_back(now, peer);
  return true;
}

}  // namespace lowband::edge::dtls
