// How long a flight of a handshake takes on a link of which one exchange is known.
//
// The only thing that tells a slow link from one that loses is the exchange before the flight: two
// messages of known size that took a known time there and back. Not known is how much of it was
// distance; all of it is taken for the bytes' time, so that the estimate is rather too long. That
// costs a wait where a flight was lost; one too short sends a whole flight once more while the
// first is still on the line, and on a link that is slow enough that never ends.
//
// Threading: any (a value). Spec: RFC 6347 §4.2.4.1.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "libs/base/time.h"

namespace lowband::tls {

/// Of IPv4 and UDP: what a datagram costs on the line besides its payload.
inline constexpr size_t kDatagramHeaderBytes = 28;

/// An exchange of `bytes`, headers included, that took `time`. No bytes: nothing is known.
struct LinkSample {
  Duration time{};
  size_t bytes = 0;
};

/// No estimate is longer: someone who delays one datagram must not stop a handshake.
inline constexpr Duration kLinkTimeMax = std::chrono::seconds(40);

/// How long `bytes`, headers included, take there and back in all; 0 if nothing is known.
inline Duration LinkTime(const LinkSample& sample, size_t bytes) {
  if (sample.bytes == 0) return Duration::zero();
  const Duration time = std::clamp(sample.time, Duration::zero(), kLinkTimeMax);
  return std::min(
      time * static_cast<Duration::rep>(bytes) / static_cast<Duration::rep>(sample.bytes),
      kLinkTimeMax);
}

}  // namespace lowband::tls
