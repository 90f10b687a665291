#include "services/edge/admission/stale_alerts.h"

#include <algorithm>

#include "services/edge/admission/limits.h"

namespace lowband::edge::admission {
namespace {

RateLimit Total(size_t sessions_max) {
  const size_t a_second =
      std::max(kStaleAlertsPerSecondMin, sessions_max / size_t{kStaleAlertsForAll.count()});
  return {a_second, a_second};
}

}  // namespace

StaleAlerts::StaleAlerts(size_t sessions_max)
    : limit_(Total(sessions_max)),
      prefixes_({kStaleAlertsOfAPrefixPerSecond, kStaleAlertsOfAPrefixAtOnce}) {}

bool StaleAlerts::Take(TimePoint now, const SocketAddress& peer) {
  const MutexLock lock(mutex_);
  Forget(now);
  if (told_.contains(peer) || !prefixes_.Take(now, peer) || !rate_.Take(now, limit_)) return false;
  told_.insert(peer);
  by_time_.emplace_back(now, peer);
  return true;
}

void StaleAlerts::Forget(TimePoint now) {
  while (!by_time_.empty() && now - by_time_.front().first >= kStaleAlertInterval) {
    told_.erase(by_time_.front().second);
    by_time_.pop_front();
  }
}

}  // namespace lowband::edge::admission
