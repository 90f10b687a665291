// A histogram of times with a relative error below 1 %, in a fixed 26 KB.
//
// Threading: one thread; histograms of several threads are merged. Limits: 71 minutes; longer times
// count as 71 minutes.
#pragma once

#include <array>
#include <cstdint>

#include "libs/base/time.h"

namespace lowband::tools {

class LatencyHistogram {
 public:
  void Add(Duration time);
  void Merge(const LatencyHistogram& other);

  uint64_t count() const { return count_; }
  /// The time that this share of all (0 to 1) does not exceed; zero if there are none.
  double PercentileMs(double share) const;
  double MeanMs() const;
  double MaxMs() const;

 private:
  // Each power of two of microseconds is divided into 128 equal parts.
  static constexpr unsigned kPartBits = 7;
  static constexpr uint64_t kParts = uint64_t{1} << kPartBits;
  static constexpr unsigned kValueBits = 32;
  static constexpr size_t kBuckets = (kValueBits - kPartBits + 1) * kParts;

  static size_t BucketOf(uint64_t microseconds);
  static uint64_t MiddleOf(size_t bucket);

  std::array<uint64_t, kBuckets> buckets_{};
  uint64_t count_ = 0;
  uint64_t sum_us_ = 0;
  uint64_t max_us_ = 0;
};

}  // namespace lowband::tools
