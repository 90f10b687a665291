// Time in the protocol stages: points of the steady clock, which they get as arguments and never
// read.
#pragma once

#include <chrono>
#include <optional>

namespace lowband {

using Duration = std::chrono::steady_clock::duration;
using TimePoint = std::chrono::steady_clock::time_point;

/// The earlier of two deadlines; none means never.
inline std::optional<TimePoint> Earlier(std::optional<TimePoint> a, std::optional<TimePoint> b) {
  if (!a) return b;
  if (!b) return a;
  return *a < *b ? a : b;
}

}  // namespace lowband
