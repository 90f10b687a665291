// `lowband request`: one request over CoAP, with curl's flags.
//
// Threading: main.
#pragma once

#include <optional>
#include <string>

#include "tools/lowband/connect_options.h"
#include "tools/lowband/request_message.h"

namespace lowband::tools {

struct RequestOptions {
  std::string url;
  MessageOptions message;
  ConnectOptions connect;
  std::optional<std::string> data;  ///< As ReadData reads it.
  bool include = false;             ///< Print code and options before the body.
  bool verbose = false;
  bool dump = false;           ///< With verbose: the bytes of each datagram and message.
  bool silent = false;         ///< No warnings.
  std::optional<bool> pretty;  ///< None: when standard output is a terminal.
  std::string output = "-";
  double max_seconds = 120;
  std::string session_file;  ///< Holds the ticket from call to call.
  std::string stats_file;
  std::string batch;  ///< File of requests, or - (standard input); empty: one request, that of url.
};

/// Exit status. Throws UsageError.
int RunRequest(RequestOptions options);

}  // namespace lowband::tools
