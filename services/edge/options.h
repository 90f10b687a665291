// The flags of lowband-edge, with their defaults.
//
// Threading: main. Errors: ConfigError, or an exit code and one printed line, with the flag.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libs/base/log.h"
#include "libs/base/options.h"
#include "libs/base/time.h"
#include "libs/grpc/security.h"
#include "services/edge/admission/admission.h"
#include "services/edge/fallback/config.h"
#include "services/edge/pipeline.h"

namespace lowband::edge {

struct Options {
  std::string dtls_bind_addr = ":8008";
  std::string tls_cert;
  std::string tls_key;
  std::string translator = "127.0.0.1:9090";
  std::string admin_addr = "127.0.0.1:9100";  ///< "off": none.
  std::string advertise;                      ///< Empty: no TCP fallback.
  fallback::Config fallback;
  uint64_t http_connections_max = 0;  ///< 0: not set, see fallback::kConnectionsDefault.
  uint64_t workers = 0;               ///< 0: one per core.
  Duration drain_timeout = std::chrono::seconds(10);
  admission::Limits admission;
  PipelineConfig pipeline;
  GrpcSecurity security;
  bool check = false;        ///< Check whether it could start, and exit.
  bool healthcheck = false;  ///< Ask a running edge whether it is ready, and exit.
  LogLevel log_level = LogLevel::kInfo;
  Logger::Format log_format = Logger::Format::kJson;
  OptionSources sources;  ///< For errors in a value that are found later.
};

/// Fills `options`. None: continue; otherwise the exit code, and all output was printed. Throws
/// ConfigError for a well-formed value that cannot work.
std::optional<int> ParseOptions(int argc, const char* const* argv, Options& options);

}  // namespace lowband::edge
