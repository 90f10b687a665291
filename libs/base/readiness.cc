#include "libs/base/readiness.h"

#include <httplib.h>

#include <cstdio>

#include "libs/base/address.h"
#include "libs/base/config_error.h"
#include "libs/base/options.h"

namespace lowband {
namespace {

// The host at which a server bound to `address` can be reached from the same machine.
std::string HostToAsk(const BindAddress& address) {
  const std::string host = address.address.ZonedHostText();
  if (address.any_host || host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

void SetTimeouts(httplib::Client& client) {
  client.set_connection_timeout(kReadinessTimeout);
  client.set_read_timeout(kReadinessTimeout);
  client.set_write_timeout(kReadinessTimeout);
}

}  // namespace

bool IsRunning(const std::string& admin_addr, const std::string& metrics_prefix) {
  const auto address = ParseBindAddress(admin_addr);
  if (!address || address->address.port() == 0) return false;
  httplib::Client client(HostToAsk(*address), address->address.port());
  SetTimeouts(client);
  const auto response = client.Get("/metrics");
  return response && response->status == 200 &&
         response->body.find("\n" + metrics_prefix) != std::string::npos;
}

std::string WithAnyPort(const std::string& address) {
  return address.substr(0, address.rfind(':')) + ":0";
}

int CheckReadiness(const std::string& program, const std::string& admin_addr) {
  if (admin_addr == "off") throw ConfigError("--admin-addr", "is off: there is no server to ask");
  const auto address = ParseBindAddress(admin_addr);
  if (!address) throw ConfigError("--admin-addr", address.error());
  if (address->address.port() == 0) throw ConfigError("--admin-addr", "needs a port to ask at");

  httplib::Client client(HostToAsk(*address), address->address.port());
  SetTimeouts(client);
  const auto response = client.Get("/readyz");
  if (response && response->status == 200) return kExitOk;
  std::string reason = response ? response->body.substr(0, response->body.find('\n'))
                                : "no answer from " + admin_addr;
  if (response && reason.empty()) reason = "status " + std::to_string(response->status);
  std::fprintf(stderr, "%s: not ready: %s\n", program.c_str(), reason.c_str());
  return kExitFailure;
}

}  // namespace lowband
