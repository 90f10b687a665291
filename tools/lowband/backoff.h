// Waits between attempts: each twice the last, up to a maximum, and each shortened at random so
// that clients which lost a server together do not come back together.
//
// Threading: one thread. Ownership: `random` outlives it.
#pragma once

#include <algorithm>

#include "libs/base/random.h"
#include "libs/base/time.h"

namespace lowband::tools {

class Backoff {
 public:
  Backoff(Duration first, Duration longest, Random& random)
      : first_(first), longest_(longest), random_(random), next_(first) {}

  /// Half of the wait or more.
  Duration Next() {
    const Duration wait = next_;
    next_ = std::min(next_ * 2, longest_);
    return std::chrono::duration_cast<Duration>(wait * (0.5 + 0.5 * random_.Unit()));
  }
  /// An attempt succeeded.
  void Reset() { next_ = first_; }

 private:
  Duration first_, longest_;
  Random& random_;
  Duration next_;
};

}  // namespace lowband::tools
