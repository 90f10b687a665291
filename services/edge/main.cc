// lowband-edge: reads the flags, makes the parts, runs until SIGTERM or SIGINT.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "libs/base/config_error.h"
#include "libs/base/options.h"
#include "libs/base/readiness.h"
#include "libs/base/shutdown.h"
#include "services/edge/edge.h"
#include "services/edge/options.h"

int main(int argc, char** argv) {
  // Hides gRPC's own log beside the edge's one line of error, unless this variable is set.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  // Before any thread starts, so that all threads leave the signals to this one.
  lowband::ShutdownSignal shutdown;
  lowband::edge::Options options;
  try {
    if (const auto code = lowband::edge::ParseOptions(argc, argv, options)) return *code;
    if (options.healthcheck) {
      return lowband::CheckReadiness("lowband-edge", options.admin_addr);
    }
    lowband::Logger log("lowband-edge", options.log_level, options.log_format);
    return lowband::edge::RunEdge(options, log, shutdown);
  } catch (const lowband::ConfigError& error) {
    return lowband::ReportBadConfig("lowband-edge", error, options.sources);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lowband-edge: %s\n", error.what());
    return lowband::kExitFailure;
  }
}
