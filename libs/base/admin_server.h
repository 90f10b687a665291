// The admin HTTP server of a service: /metrics (Prometheus text), /healthz, /readyz.
//
// A kubelet kills a service whose probe gets no answer, so nothing that others do to this port may
// keep a probe waiting: one loop serves all connections and waits for none, a new connection always
// finds room (the oldest one that has not asked for anything goes), and metrics, which take time to
// collect, are collected by another thread, once for all who ask meanwhile.
//
// Threading: Bind, Serve and Stop from main; the hooks run on the server's threads. Ownership:
// whatever the hooks capture outlives the server. Limits: kConnectionsMax; admin_connection.h.
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
    /// Empty when the service may get traffic; otherwise why not, one short line. At once.
    std::function<std::string()> not_ready;
    /// Empty when the service works; otherwise why it must be started anew. At once.
    std::function<std::string()> not_alive = {};
  };
  explicit AdminServer(Hooks hooks);
  ~AdminServer();

  /// Throws ConfigError naming `flag` if the address cannot be bound. Port 0 takes any free port.
  void Bind(const std::string& flag, const BindAddress& address);
  /// Answers from now on, on threads of its own. Once, after Bind.
  void Serve();
  uint16_t port() const;
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband
