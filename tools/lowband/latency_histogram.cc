#include "tools/lowband/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace lowband::tools {
namespace {

constexpr double kUsPerMs = 1000.0;

}  // namespace

size_t LatencyHistogram::BucketOf(uint64_t microseconds) {
  const uint64_t value = std::min(microseconds, (uint64_t{1} << kValueBits) - 1);
  if (value < kParts) return value;
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kPartBits;
  return (shift + 1) * kParts + ((value >> shift) - kParts);
}

uint64_t LatencyHistogram::MiddleOf(size_t bucket) {
  if (bucket < kParts) return bucket;
  const unsigned shift = static_cast<unsigned>(bucket / kParts) - 1;
  const uint64_t low = (bucket % kParts + kParts) << shift;
  return low + ((uint64_t{1} << shift) >> 1);
}

void LatencyHistogram::Add(Duration time) {
  const auto us = static_cast<uint64_t>(
      std::max<int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(time).count()));
  ++buckets_[BucketOf(us)];
  ++count_;
  sum_us_ += us;
  max_us_ = std::max(max_us_, us);
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_us_ += other.sum_us_;
  max_us_ = std::max(max_us_, other.max_us_);
}

double LatencyHistogram::PercentileMs(double share) const {
  const auto wanted = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= wanted && seen > 0) {
      return static_cast<double>(std::min(MiddleOf(i), max_us_)) / kUsPerMs;
    }
  }
  return 0;
}

double LatencyHistogram::MeanMs() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_us_) / static_cast<double>(count_) / kUsPerMs;
}

double LatencyHistogram::MaxMs() const { return static_cast<double>(max_us_) / kUsPerMs; }

}  // namespace lowband::tools
