// Resource usage of other processes so far, for a server's CPU time per request.
//
// Threading: any. Reads /proc: Linux only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>

namespace lowband::tools {

struct ProcessUsage {
  double cpu_seconds = 0;  ///< User and system, all threads.
  uint64_t resident_bytes = 0;
};

/// The sum over `processes`; none if one of them cannot be read.
std::optional<ProcessUsage> ReadUsage(std::span<const pid_t> processes);

}  // namespace lowband::tools
