// The admin HTTP server of a service: /metrics (Prometheus text), /healthz, /readyz.
//
// Threading: Bind, Serve and Stop from main; the hooks run on the server's threads. Ownership:
// whatever the hooks capture outlives the server.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "libs/base/address.h"

namespace lowband {

class AdminServer {
 public:
  struct Hooks {
    /// The metrics in Prometheus' text exposition, up to date.
    std::function<std::string()> metrics;
    /// Empty when the service may get traffic; otherwise why not, one short line.
    std::function<std::string()> not_ready;
  };
  explicit AdminServer(Hooks hooks);
  ~AdminServer();

  /// Throws ConfigError naming `flag` if the address cannot be bound. Port 0 takes any free port.
  void Bind(const std::string& flag, const BindAddress& address);
  /// Answers from now on, on a thread of its own. Once, after Bind.
  void Serve();
  uint16_t port() const;
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband
