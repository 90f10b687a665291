// The translator as a process: makes mapping, upstream, gRPC server and admin server, and drains at
// a signal.
//
// Threading: main. Ownership: RunTranslator owns all parts.
#pragma once

#include "libs/base/log.h"
#include "libs/base/shutdown.h"
#include "services/translator/options.h"

namespace lowband::translator {

/// Runs until a signal comes; returns the exit code. Throws ConfigError naming the flag if the
/// configuration cannot work.
int RunTranslator(const Options& options, Logger& log, ShutdownSignal& shutdown);

}  // namespace lowband::translator
