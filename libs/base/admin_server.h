// The admin HTTP server of a service: /metrics (Prometheus text), /healthz, /readyz.
//
// A kubelet kills a service whose probe gets no answer, so no other use of this port may delay a
// probe: one loop serves all connections without blocking, a new connection always finds room (the
// oldest one without a request is closed), and another thread collects the metrics, which takes
// time, once for all requests that come meanwhile.
//
// Threading: Bind, Serve and Stop from main; the hooks run on the server's threads. Ownership:
// captures of the hooks outlive the server. Limits: kConnectionsMax; admin_connection.h.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "libs/base/address.h"

namespace lowband {

class AdminServer {
 public:
  static constexpr size_t kConnectionsMax = 64;

  struct Hooks {
    /// The metrics in Prometheus' text exposition, up to date. May take a second or two.
    std::function<std::string()> metrics;
    /// Empty if the service may get traffic; otherwise the reason, one short line. Must not block.
    std::function<std::string()> not_ready;
    /// Empty if the service works; otherwise the reason for a restart. Must not block.
    std::function<std::string()> not_alive = {};
  };
  explicit AdminServer(Hooks hooks);
  ~AdminServer();

  /// Throws ConfigError naming `flag` if the address cannot be bound. Port 0 takes any free port.
  void Bind(const std::string& flag, const BindAddress& address);
  /// Starts to answer, on its own threads. Call once, after Bind.
  void Serve();
  uint16_t port() const;
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband
