// The TCP fallback: plain Matrix over HTTP or HTTPS on the port that speaks DTLS over UDP.
//
// cpp-httplib listens, accepts and hands out the connections; what a connection says is read and
// written here, strictly and streaming (ADR 6).
//
// Threading: Bind, Serve, Drain, Stop and UseIdentity from main; a thread that accepts, and a few
// loops, each of which runs many connections. Ownership: has its threads; the key log as said.
// Errors: ConfigError naming the flag. Limits: limits.h.
#pragma once

#include <memory>
#include <string>

#include "libs/base/address.h"
#include "libs/base/result.h"
#include "libs/base/time.h"
#include "libs/tls/key_log.h"
#include "services/edge/dtls/identity.h"
#include "services/edge/fallback/config.h"
#include "services/edge/fallback/counters.h"
#include "services/edge/fallback/relay_call.h"

namespace lowband::edge::fallback {

class Server {
 public:
  Server(const Config& config, std::unique_ptr<RelayChannel> channel);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The certificate of connections from now on; those that are open keep theirs. `key_log` may be
  /// null and outlives the server. The error says why the old one, if any, stays.
  Result<void, std::string> UseIdentity(const dtls::Identity& identity, tls::KeyLog* key_log);
  /// Returns the port in use. Throws ConfigError naming `flag` if the address cannot be bound.
  uint16_t Bind(const std::string& flag, const BindAddress& address);
  /// Takes connections from now on, on threads of its own. Once, after Bind and UseIdentity.
  void Serve();

  /// No further connections and requests; what is under way goes on.
  void Drain();
  /// No transfer is under way.
  bool idle() const;
  /// Cuts off what is left, and waits for the threads.
  void Stop();

  const Counters& counters() const;
  /// How long the longest turn of a loop takes that is going on. Any thread.
  Duration turn_age() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband::edge::fallback
