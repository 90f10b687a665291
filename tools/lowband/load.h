// `lowband load`: many sessions, many requests, and their cost.
//
// Threading: main; starts the workers' threads and joins them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/lowband/connect_options.h"
#include "tools/lowband/load_plan.h"
#include "tools/lowband/load_result.h"
#include "tools/lowband/process_usage.h"

namespace lowband::tools {

inline constexpr uint64_t kLoadSessionsMax = 1'000'000;
inline constexpr uint64_t kLoadThreadsMax = 256;

struct LoadOptions {
  std::string url;
  PlanOptions plan;
  ConnectOptions connect;
  uint64_t sessions = 1;
  uint64_t threads = 1;
  uint64_t in_flight = 1;
  uint64_t connecting = 16;
  uint64_t requests = 1000;
  double seconds = 0;    ///< Above 0: replaces `requests`.
  uint64_t warm_up = 0;  ///< Requests before the measurement.
  double answer_seconds = 60;
  std::string token;        ///< Or @FILE with one a line.
  bool handshakes = false;  ///< Only handshakes: `requests` of them, `sessions` at once.
  bool resume = false;
  std::vector<pid_t> cpu_of;  ///< Processes whose CPU is measured.
  bool json = false;          ///< Print the figures as JSON.
  std::string stats_file;     ///< Write them as JSON.
};

/// All reported figures.
struct LoadReport {
  std::string title;
  LoadResult result;
  uint64_t sessions = 0;  ///< Sessions open when the measurement began.
  double seconds = 0;     ///< From the first request to the last answer.
  bool handshakes_only = false;
  unsigned ip_udp_bytes = 28;  ///< Headers around each datagram.
  std::optional<ProcessUsage> before, after;
};

/// For people, several lines.
std::string ReportText(const LoadReport& report);
/// One line of JSON; the names are documented in --help.
std::string ReportJson(const LoadReport& report);

/// Exit status: kExitFailure if no session could be opened or no request was answered. Throws
/// UsageError.
int RunLoad(const LoadOptions& options);

}  // namespace lowband::tools
