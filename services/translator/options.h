// The flags of lowband-translator, with their defaults.
//
// Threading: main. Errors: ConfigError, or an exit code with one printed line, naming the flag.
#pragma once

#include <optional>
#include <string>

#include "libs/base/log.h"
#include "libs/base/options.h"
#include "libs/base/time.h"
#include "libs/grpc/security.h"
#include "services/translator/ingress/limits.h"
#include "services/translator/mapping/config.h"
#include "services/translator/upstream/config.h"

namespace lowband::translator {

struct Options {
  std::string listen = "127.0.0.1:9090";
  std::string admin_addr = "127.0.0.1:9101";  ///< "off": no admin server.
  upstream::UpstreamConfig upstream;
  mapping::MappingConfig mapping;
  std::string upstream_host;  ///< See DecidePublicName in upstream/homeserver.h.
  uint64_t relay_max = 0;     ///< 0: not set, see ingress::kRelaysDefault.
  size_t answer_hold = ingress::kAnswersHeldBytesDefault;
  GrpcSecurity security;
  Duration drain_timeout = std::chrono::seconds(10);
  bool check = false;        ///< Check whether it could start, and exit.
  bool healthcheck = false;  ///< Ask a running translator whether it is ready, and exit.
  LogLevel log_level = LogLevel::kInfo;
  Logger::Format log_format = Logger::Format::kJson;
  OptionSources sources;  ///< For errors of values that are found later.
};

/// Fills `options`. None: continue; otherwise the exit code, and its message was printed. Throws
/// ConfigError for a value that is well-formed and still cannot work.
std::optional<int> ParseOptions(int argc, const char* const* argv, Options& options);

}  // namespace lowband::translator
