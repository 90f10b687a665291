// Stops trying an unreachable homeserver, so that requests fail at once instead of waiting for a
// connect timeout each, and detects when it is reachable again.
//
// Closed: everything passes. After kBreakerFailures connects in a row have failed it opens: one
// exchange in kBreakerProbe passes, as a probe. The first that reaches the homeserver closes it.
// A connect that ended long after its timeout does not count: the process was stopped, or got no
// CPU, and when it resumes all connects fail at once.
//
// Threading: one thread. Sans-IO: time is given. Limits: limits.h.
#pragma once

#include <optional>

#include "libs/base/time.h"
#include "services/translator/upstream/limits.h"

namespace lowband::translator::upstream {

class Breaker {
 public:
  explicit Breaker(Duration connect_timeout) : connect_timeout_(connect_timeout) {}

  /// Whether an exchange may start now. While open, a true result is the probe.
  bool Allow(TimePoint now) {
    if (!next_probe_) return true;
    if (now < *next_probe_) return false;
    next_probe_ = now + kBreakerProbe;
    return true;
  }
  void Reached() {
    failures_ = 0;
    next_probe_.reset();
  }
  /// True if this failure, `took` after the exchange began, opened it.
  bool Unreachable(TimePoint now, Duration took) {
    if (took > connect_timeout_ + kConnectLate) return false;
    if (failures_ < kBreakerFailures) ++failures_;
    if (failures_ < kBreakerFailures) return false;
    const bool opened = !next_probe_;
    next_probe_ = now + kBreakerProbe;
    return opened;
  }
  bool is_open() const { return next_probe_.has_value(); }

 private:
  const Duration connect_timeout_;
  unsigned failures_ = 0;
  std::optional<TimePoint> next_probe_;
};

}  // namespace lowband::translator::upstream
