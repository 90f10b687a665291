// A rate limit with a burst, kept as one time point (the generic cell rate algorithm): equivalent
// to a token bucket, without tokens to give back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "libs/base/time.h"

namespace lowband::edge::admission {

/// `per_second` events per second, `burst` at once; both at least 1.
struct RateLimit {
  size_t per_second = 1;
  size_t burst = 1;
};

/// The cost of an event: kWhole for a whole one, less for a cheaper one.
using Eighths = int64_t;
inline constexpr Eighths kWhole = 8;

/// The state of one limited object. A new one has its whole burst.
class Rate {
 public:
  /// True, and counted, if an event is allowed at `now`.
  bool Take(TimePoint now, const RateLimit& limit, Eighths cost = kWhole) {
    const TimePoint due = std::max(due_, now);
    const Eighths left = static_cast<Eighths>(limit.burst) * kWhole - cost;
    if (due > now + Eighth(limit) * left) return false;
    due_ = due + Eighth(limit) * cost;
    return true;
  }
  /// Adds a cost that was not known when the event was taken. The balance may become negative:
  /// later events pay for it.
  void Charge(TimePoint now, const RateLimit& limit, Eighths cost) {
    due_ = std::max(due_, now) + Eighth(limit) * cost;
  }

 private:
  static Duration Eighth(const RateLimit& limit) {
    return Duration(std::chrono::seconds(1)) / (static_cast<int64_t>(limit.per_second) * kWhole);
  }
  TimePoint due_{};  ///< When the bucket would be full again.
};

}  // namespace lowband::edge::admission
