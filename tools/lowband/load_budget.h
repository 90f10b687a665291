// The remaining work of a phase, shared by the workers of a load run.
//
// Threading: Allow* while no worker runs; the rest from any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "libs/base/time.h"

namespace lowband::tools {

class LoadBudget {
 public:
  /// So many requests, without a limit of time.
  void AllowRequests(uint64_t requests) {
    remaining_ = static_cast<int64_t>(requests);
    until_ = TimePoint::max();
  }
  /// As many requests as fit into the time.
  void AllowUntil(TimePoint until) {
    remaining_ = INT64_MAX;
    until_ = until;
  }

  /// Takes one, if one is left.
  bool Take(TimePoint now) { return !Exhausted(now) && remaining_.fetch_sub(1) > 0; }
  bool Exhausted(TimePoint now) const { return now >= until_ || remaining_ <= 0; }
  /// A number that no other caller gets.
  uint64_t NextNumber() { return number_.fetch_add(1); }

 private:
  std::atomic<int64_t> remaining_{0};
  TimePoint until_{};
  std::atomic<uint64_t> number_{0};
};

}  // namespace lowband::tools
