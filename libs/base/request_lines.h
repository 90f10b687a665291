// Which requests get a line in a service's log: those that failed, as far as there are few, and at
// debug all of them.
//
// Threading: any. Ownership: the logger outlives it. Limits: kFailureLinesPerSecond.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "libs/base/line_budget.h"
#include "libs/base/log.h"

namespace lowband {

/// Lines for requests that failed; as many as a person reads.
inline constexpr uint64_t kFailureLinesPerSecond = 10;

class RequestLines {
 public:
  explicit RequestLines(const Logger& log) : log_(log) {}

  static LogLevel LevelOf(bool failed) { return failed ? LogLevel::kWarning : LogLevel::kDebug; }
  /// None: write nothing. Otherwise write at that level, and say how many were left out.
  std::optional<uint64_t> Admit(bool failed) {
    if (!log_.enabled(LevelOf(failed))) return std::nullopt;
    return failed ? failures_.Take(std::chrono::steady_clock::now()) : std::optional<uint64_t>(0);
  }

 private:
  const Logger& log_;
  LineBudget failures_{kFailureLinesPerSecond};
};

}  // namespace lowband
