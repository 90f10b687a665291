// Asks a running service whether it is ready, for --healthcheck: an image without a shell has no
// other program for a container's health check. And whether it runs at all, for --check, which
// tries the addresses of a configuration.
//
// Threading: main. Limits: answers within kReadinessTimeout.
#pragma once

#include <chrono>
#include <string>

namespace lowband {

/// For each of connecting, sending and receiving.
inline constexpr std::chrono::seconds kReadinessTimeout{2};

/// GET /readyz at `admin_addr`, the running service's --admin-addr; for an address that means all,
/// on loopback. kExitOk if it is ready, else kExitFailure and one line on standard error with the
/// reason. Throws ConfigError naming --admin-addr if that is no address to connect to.
int CheckReadiness(const std::string& program, const std::string& admin_addr);

/// Whether the service whose metrics begin with `metrics_prefix` runs with this --admin-addr, so
/// that its addresses are rightly in use. False if it cannot be asked.
bool IsRunning(const std::string& admin_addr, const std::string& metrics_prefix);

/// `address`, HOST:PORT, with any free port.
std::string WithAnyPort(const std::string& address);

}  // namespace lowband
