// A histogram of durations with fixed bounds in seconds, for the metrics.
//
// Threading: as its counts: plain ones belong to one thread, atomics to any.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "libs/base/time.h"

namespace lowband {

template <class Count>
struct BasicDurationHistogram {
  static constexpr std::array<double, 15> kBoundsSeconds = {
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  /// Not cumulative: buckets[i] counts durations above bound i-1 and not above bound i. The last
  /// has no upper bound.
  std::array<Count, kBoundsSeconds.size() + 1> buckets{};
  Count sum_us{0};

  void Add(Duration duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    const auto bound = std::lower_bound(kBoundsSeconds.begin(), kBoundsSeconds.end(), seconds);
    buckets[static_cast<size_t>(bound - kBoundsSeconds.begin())] += 1;
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    sum_us += static_cast<uint64_t>(std::max<int64_t>(us, 0));
  }
};

}  // namespace lowband
