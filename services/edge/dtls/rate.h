// A rate limit with a burst, kept as one time point (the generic cell rate algorithm): equal to a
// token bucket, with nothing to give back and so nothing to leak.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "libs/base/time.h"

namespace lowband::edge::dtls {

/// `per_second` events a second, `burst` at once; both at least 1.
struct RateLimit {
  size_t per_second = 1;
  size_t burst = 1;
};

/// The state of one limited thing. A fresh one has its whole burst.
class Rate {
 public:
  /// True, and counted, if an event is allowed at `now`.
  bool Take(TimePoint now, const RateLimit& limit) {
    const Duration interval = Duration(std::chrono::seconds(1)) / int64_t(limit.per_second);
    const TimePoint due = std::max(due_, now);
    if (due > now + interval * int64_t(limit.burst - 1)) return false;
    due_ = due + interval;
    return true;
  }

 private:
  TimePoint due_{};  ///< When the bucket would be full again.
};

}  // namespace lowband::edge::dtls
