// The time of a handshake's flight on a link on which one exchange was measured.
//
// Only the exchange before the flight can distinguish a slow link from a lossy one: two messages of
// known size that took a known time there and back. The part of the propagation delay is unknown;
// all of the time is attributed to the bytes, so that the estimate is rather too long. That delays
// the repeat of a lost flight. An estimate that is too short would repeat a whole flight while the
// first is still in transit, and on a very slow link that never ends.
//
// Threading: any (a value). Spec: RFC 6347 §4.2.4.1.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "libs/base/time.h"

namespace lowband::tls {

/// IPv4 and UDP headers of a datagram.
inline constexpr size_t kDatagramHeaderBytes = 28;

/// An exchange of `bytes`, headers included, that took `time`. No bytes: no measurement.
struct LinkSample {
  Duration time{};
  size_t bytes = 0;
};

/// Limit of the estimate: an attacker who delays one datagram must not stop a handshake.
inline constexpr Duration kLinkTimeMax = std::chrono::seconds(40);

/// The time of `bytes` in both directions together, headers included; 0 without a measurement.
inline Duration LinkTime(const LinkSample& sample, size_t bytes) {
  if (sample.bytes == 0) return Duration::zero();
  const Duration time = std::clamp(sample.time, Duration::zero(), kLinkTimeMax);
  return std::min(
      time * static_cast<Duration::rep>(bytes) / static_cast<Duration::rep>(sample.bytes),
      kLinkTimeMax);
}

}  // namespace lowband::tls
