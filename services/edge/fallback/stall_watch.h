// Distinguishes a slow client from one that holds a connection on purpose.
//
// Threading: one thread; a value.
#pragma once

#include <cstdint>
#include <optional>

#include "libs/base/time.h"
#include "services/edge/fallback/limits.h"

namespace lowband::edge::fallback {

class StallWatch {
 public:
  explicit StallWatch(Duration timeout) : timeout_(timeout) {}

  /// `waiting`: the client must send or take bytes now. `moved`: all its bytes so far. True:
  /// it has moved less than kStallBytesMin for the whole timeout.
  bool Stalled(TimePoint now, bool waiting, uint64_t moved) {
    if (!waiting) {
      window_end_.reset();
    } else if (!window_end_ || moved - window_start_ >= kStallBytesMin) {
      window_end_ = now + timeout_;
      window_start_ = moved;
    }
    return window_end_ && now >= *window_end_;
  }
  std::optional<TimePoint> deadline() const { return window_end_; }

 private:
  const Duration timeout_;
  std::optional<TimePoint> window_end_;
  uint64_t window_start_ = 0;
};

}  // namespace lowband::edge::fallback
