#include "services/translator/upstream/counters.h"

#include <algorithm>
#include <chrono>

namespace lowband::translator {

void DurationHistogram::Add(Duration duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  const auto bound = std::lower_bound(kBoundsSeconds.begin(), kBoundsSeconds.end(), seconds);
  buckets[static_cast<size_t>(bound - kBoundsSeconds.begin())].fetch_add(1,
                                                                         std::memory_order_relaxed);
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  sum_us.fetch_add(static_cast<uint64_t>(std::max<int64_t>(us, 0)), std::memory_order_relaxed);
}

}  // namespace lowband::translator
