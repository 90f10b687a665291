// lowband-translator: parses the flags, makes the parts, runs until SIGTERM or SIGINT.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "libs/base/config_error.h"
#include "libs/base/options.h"
#include "libs/base/readiness.h"
#include "libs/base/shutdown.h"
#include "services/translator/options.h"
#include "services/translator/translator.h"

int main(int argc, char** argv) {
  // gRPC's own messages would stand beside our one line of error; set the variable to get them.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  // Before any thread, so that all of them leave the signals to this one.
  lowband::ShutdownSignal shutdown;
  lowband::translator::Options options;
  try {
    if (const auto code = lowband::translator::ParseOptions(argc, argv, options)) return *code;
    if (options.healthcheck) {
      return lowband::CheckReadiness("lowband-translator", options.admin_addr);
    }
    lowband::Logger log("lowband-translator", options.log_level, options.log_format);
    return lowband::translator::RunTranslator(options, log, shutdown);
  } catch (const lowband::ConfigError& error) {
    return lowband::ReportBadConfig("lowband-translator", error, options.sources);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lowband-translator: %s\n", error.what());
    return lowband::kExitFailure;
  }
}
