#include "libs/coap/rtt_estimator.h"

#include <algorithm>
#include <cstdlib>

#include "libs/coap/transmission.h"

namespace lowband::coap {
namespace {

using std::chrono::seconds;

// RFC 6298 §2.3: alpha 1/8, beta 1/4; §2.2: K.
constexpr int kAlphaInverse = 8;
constexpr int kBetaInverse = 4;
constexpr int kVariations = 4;
// For 500 ms that gives 8 s.
constexpr unsigned kBackOffMax = 16;
// Radios fall asleep after about this time, and take up to two seconds to wake: then the times
// measured while they were awake are too short.
constexpr Duration kAwake = seconds(10);
// CoCoA: a long timeout goes halfway back after so many multiples of itself without a sample.
constexpr Duration kLongTimeout = seconds(3);
constexpr int kLongLifetimes = 4;

}  // namespace

void RttEstimator::Sample(TimePoint now, Duration round_trip) {
  if (!measured_) {
    smoothed_ = round_trip;
    variation_ = round_trip / 2;
    timeout_ = kAckTimeout;
    measured_ = true;
  } else {
    const Duration error = smoothed_ > round_trip ? smoothed_ - round_trip : round_trip - smoothed_;
    variation_ += (error - variation_) / kBetaInverse;
    smoothed_ += (round_trip - smoothed_) / kAlphaInverse;
  }
  const Duration strong = smoothed_ + kVariations * variation_;
  timeout_ = std::clamp<Duration>((strong + timeout_) / 2, kTimeoutMin, kTimeoutMax);
  back_off_ = 1;
  sampled_ = now;
}

void RttEstimator::BackOff() { back_off_ = std::min(2 * back_off_, kBackOffMax); }

Duration RttEstimator::Timeout(TimePoint now, Duration unmeasured) const {
  Duration timeout = measured_ ? timeout_ : unmeasured;
  if (measured_ && now - sampled_ >= kAwake) timeout = std::max(timeout, unmeasured);
  if (measured_ && timeout > kLongTimeout && now - sampled_ >= kLongLifetimes * timeout) {
    timeout = seconds(1) + timeout / 2;
  }
  return std::min<Duration>(timeout * back_off_, std::max<Duration>(kTimeoutMax, unmeasured));
}

}  // namespace lowband::coap
