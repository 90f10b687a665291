// The admin HTTP server of a service: /metrics (Prometheus text), /healthz, /readyz.
//
// Threading: Start and Stop from main; the callbacks run on the server's threads. Ownership: the
// registry and whatever the callbacks capture outlive the server.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "libs/base/address.h"

namespace prometheus {
class Registry;
}

namespace lowband {

class AdminServer {
 public:
  struct Hooks {
    /// Brings gauges up to date; called before each scrape.
    std::function<void()> before_scrape;
    /// Empty when the service may get traffic; otherwise why not, one short line.
    std::function<std::string()> not_ready;
  };
  AdminServer(std::shared_ptr<prometheus::Registry> registry, Hooks hooks);
  ~AdminServer();

  /// Binds and serves. Throws ConfigError naming `flag` if the address cannot be bound. Port 0
  /// takes any free port.
  void Start(const std::string& flag, const BindAddress& address);
  uint16_t port() const;
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband
