#include "services/edge/admission/stale_alerts.h"

#include <algorithm>

#include "services/edge/admission/limits.h"

namespace lowband::edge::admission {

StaleAlerts::StaleAlerts(size_t sessions_max)
    : usual_(std::max(kStaleAlertsPerSecondMin, sessions_max / size_t{kStaleAlertsForAll.count()})),
      prefixes_({kStaleAlertsOfAPrefixPerSecond, kStaleAlertsOfAPrefixAtOnce}),
      within_{usual_},
      beyond_{usual_} {
  static_assert(kSessionsMax / kStaleAlertsForAll.count() <= kStaleAlertsPerSecondMax);
}

bool StaleAlerts::Take(TimePoint now, const SocketAddress& peer) {
  const MutexLock lock(mutex_);
  Forget(now);
  if (told_.contains(peer)) return false;
  Adapt(now);
  Total& total = prefixes_.Take(now, peer) ? within_ : beyond_;
  if (!total.Take(now)) return false;
  told_.insert(peer);
  by_time_.emplace_back(now, peer);
  return true;
}

bool StaleAlerts::Total::Take(TimePoint now) {
  if (!rate.Take(now, {per_second, per_second})) return false;
  ++sent;
  return true;
}

void StaleAlerts::Adapt(TimePoint now) {
  if (now - period_ < kStaleAlertsPeriod) return;
  const auto periods = static_cast<uint64_t>((now - period_) / kStaleAlertsPeriod);
  const uint64_t handshakes = handshakes_.exchange(0, std::memory_order_relaxed) / periods;
  for (Total* total : {&within_, &beyond_}) total->Adapt(periods, handshakes, usual_);
  period_ = now;
}

void StaleAlerts::Total::Adapt(uint64_t periods, uint64_t handshakes, size_t usual) {
  const uint64_t used = sent / periods;
  if (handshakes > usual || used < per_second / 4) {
    per_second = std::max(per_second / 2, usual);
  } else if (handshakes < usual / 2 && used > per_second / 4 * 3) {
    per_second = std::min(per_second * 2, kStaleAlertsPerSecondMax);
  }
  sent = 0;
}

void StaleAlerts::Forget(TimePoint now) {
  while (!by_time_.empty() && (now - by_time_.front().first >= kStaleAlertInterval ||
                               by_time_.size() >= kStaleAlertAddressesMax)) {
    told_.erase(by_time_.front().second);
    by_time_.pop_front();
  }
}

}  // namespace lowband::edge::admission
