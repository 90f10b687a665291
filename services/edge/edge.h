// The edge as a process: makes credentials, sockets, workers and the admin server, watches the
// certificate, and drains on a signal.
//
// Threading: main. Ownership: everything lives inside RunEdge.
#pragma once

#include "libs/base/log.h"
#include "libs/base/shutdown.h"
#include "services/edge/options.h"

namespace lowband::edge {

/// Runs until a signal comes; returns the exit code. Throws ConfigError with the flag's name if a
/// value cannot be used.
int RunEdge(const Options& options, Logger& log, ShutdownSignal& shutdown);

}  // namespace lowband::edge
