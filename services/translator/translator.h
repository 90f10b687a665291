// The translator as a process: makes mapping, upstream, gRPC server and admin server, and drains
// when told to.
//
// Threading: main. Ownership: everything lives inside RunTranslator.
#pragma once

#include "libs/base/log.h"
#include "libs/base/shutdown.h"
#include "services/translator/options.h"

namespace lowband::translator {

/// Runs until a signal comes; returns the exit code. Throws ConfigError naming the flag when
/// something cannot be used as configured.
int RunTranslator(const Options& options, Logger& log, ShutdownSignal& shutdown);

}  // namespace lowband::translator
