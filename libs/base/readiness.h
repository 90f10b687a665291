// Asks a running service whether it is ready: what --healthcheck does. An image without a shell has
// nothing else that a container engine could run in it. And whether it runs at all: what --check
// does, which tries the addresses of a configuration.
//
// Threading: main. Limits: answers within kReadinessTimeout.
#pragma once

#include <chrono>
#include <string>

namespace lowband {

/// For each of connecting, sending and receiving.
inline constexpr std::chrono::seconds kReadinessTimeout{2};

/// GET /readyz at `admin_addr`, the value of --admin-addr that the service was started with; an
/// address that means all of them is asked on loopback. kExitOk when it is ready, else
/// kExitFailure and one line on standard error that says why. Throws ConfigError naming
/// --admin-addr when nothing can be asked there.
int CheckReadiness(const std::string& program, const std::string& admin_addr);

/// The service whose metrics begin with `metrics_prefix` runs with this --admin-addr: what it
/// listens on is taken, and rightly so. False where nothing can be asked.
bool IsRunning(const std::string& admin_addr, const std::string& metrics_prefix);

/// `address`, HOST:PORT, with any free port.
std::string WithAnyPort(const std::string& address);

}  // namespace lowband
