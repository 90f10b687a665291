// Decides which requests get a line in a service's log: failed ones up to a rate, and at debug all.
//
// Threading: any. Ownership: the logger outlives it. Limits: kFailureLinesPerSecond.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "libs/base/line_budget.h"
#include "libs/base/log.h"

namespace lowband {

/// Lines for failed requests; as many as a person can read.
inline constexpr uint64_t kFailureLinesPerSecond = 10;

class RequestLines {
 public:
  explicit RequestLines(const Logger& log) : log_(log) {}

  static LogLevel LevelOf(bool failed) { return failed ? LogLevel::kWarning : LogLevel::kDebug; }
  /// None: write no line. Otherwise write one, with this number of omitted lines.
  std::optional<uint64_t> Admit(bool failed) {
    if (!log_.enabled(LevelOf(failed))) return std::nullopt;
    return failed ? failures_.Take(std::chrono::steady_clock::now()) : std::optional<uint64_t>(0);
  }

 private:
  const Logger& log_;
  LineBudget failures_{kFailureLinesPerSecond};
};

}  // namespace lowband
