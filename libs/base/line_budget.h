// Limits the lines of one kind in a log: a failure often concerns thousands at once, and the first
// few lines show as much as all.
//
// Threading: any. Limits: `per_second` lines in any one second, counted from the first of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "libs/base/mutex.h"
#include "libs/base/time.h"

namespace lowband {

class LineBudget {
 public:
  explicit LineBudget(uint64_t per_second) : per_second_(per_second) {}

  /// None: write no line. Otherwise write one, with this number of lines omitted since the last
  /// one.
  std::optional<uint64_t> Take(TimePoint now) {
    const MutexLock lock(mutex_);
    if (now - second_began_ >= std::chrono::seconds(1)) {
      second_began_ = now;
      written_ = 0;
    }
    if (written_ == per_second_) {
      ++left_out_;
      return std::nullopt;
    }
    ++written_;
    const uint64_t left_out = left_out_;
    left_out_ = 0;
    return left_out;
  }

 private:
  const uint64_t per_second_;
  Mutex mutex_;
  TimePoint second_began_ LOWBAND_GUARDED_BY(mutex_){};
  uint64_t written_ LOWBAND_GUARDED_BY(mutex_) = 0;
  uint64_t left_out_ LOWBAND_GUARDED_BY(mutex_) = 0;
};

}  // namespace lowband
