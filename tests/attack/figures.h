// How honest clients fared beside an attacker, and what of it goes into docs/security.md.
//
// Threading: any.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "libs/base/time.h"

namespace lowband::edge {

/// How requests fared.
struct Figures {
  size_t asked = 0;
  size_t answered = 0;  ///< With success.
  Duration p99{};       ///< From the request to its answer; of those without one the time waited.
};

/// Zero of none.
Duration Percentile99(std::vector<Duration> times);

/// All were answered, within twice the time, or within `floor`.
void ExpectUnharmed(const Figures& before, const Figures& during, Duration floor = {});

/// Prints one line of the table in docs/security.md.
void Report(const std::string& attack, const Figures& before, const Figures& during,
            const std::string& held);

}  // namespace lowband::edge
