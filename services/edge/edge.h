// The edge as a process: makes credentials, sockets, workers and the admin server, watches the
// certificate, drains when told to.
//
// Threading: main. Ownership: everything lives inside RunEdge.
#pragma once

#include "libs/base/log.h"
#include "libs/base/shutdown.h"
#include "services/edge/options.h"

namespace lowband::edge {

/// Runs until a signal comes; returns the exit code. Throws ConfigError naming the flag when
/// something cannot be used as configured.
int RunEdge(const Options& options, Logger& log, ShutdownSignal& shutdown);

}  // namespace lowband::edge
