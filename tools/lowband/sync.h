// `lowband sync`: follows /sync or sliding sync, by observation or by polling, and prints the
// events.
//
// Threading: main.
#pragma once

#include <optional>
#include <string>

#include "tools/lowband/connect_options.h"
#include "tools/lowband/request_message.h"

namespace lowband::tools {

struct SyncOptions {
  std::string url;
  std::string path;        ///< Literal; empty: the code of /sync, or that of sliding sync.
  MessageOptions message;  ///< Headers, token, key table.
  std::string token_file;
  ConnectOptions connect;
  std::string cursor_file;  ///< Empty: none; every run begins anew.
  std::string filter;       ///< JSON, or the id of an uploaded one.
  bool sliding = false;     ///< Sliding sync, by FETCH.
  std::string body;         ///< Of sliding sync: JSON or @FILE; empty: defaults.
  uint64_t timeout_ms = 30'000;
  bool poll = false;
  bool json = false;
  bool once = false;
  bool verbose = false;
  std::optional<double> seconds;
  double keepalive_seconds = 60;
  double reconnect_wait_seconds = 1;
};

/// Exit status. Throws UsageError.
int RunSync(const SyncOptions& options);

}  // namespace lowband::tools
