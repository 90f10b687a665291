// The flags of lowband-edge, with their defaults.
//
// Threading: main. Errors: ConfigError, or an exit code with one printed line, naming the flag.
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
  uint64_t http_connections_max = 0;  ///< 0: not named, see fallback::kConnectionsDefault.
  uint64_t workers = 0;               ///< 0: one a core.
  Duration drain_timeout = std::chrono::seconds(10);
  admission::Limits admission;
  PipelineConfig pipeline;
  GrpcSecurity security;
  bool check = false;        ///< Look whether it could start, and end.
  bool healthcheck = false;  ///< Ask a running one whether it is ready, and end.
  LogLevel log_level = LogLevel::kInfo;
  Logger::Format log_format = Logger::Format::kJson;
  OptionSources sources;  ///< For what turns out later to be wrong with a value.
};

/// Fills `options`. None: go on; otherwise the exit code, and what there was to say was printed.
/// Throws ConfigError for a value that is well-formed and still cannot work.
std::optional<int> ParseOptions(int argc, const char* const* argv, Options& options);

}  // namespace lowband::edge
