// The TCP fallback: plain Matrix over HTTP or HTTPS on the port that speaks DTLS over UDP.
//
// cpp-httplib listens and accepts; the HTTP of the connections is read and written here, strictly
// and streaming (ADR 6).
//
// Threading: Bind, Serve, Drain, Stop and UseIdentity from main; a thread that accepts, and a few
// loops, each of which runs many connections. Ownership: owns its threads; for the key log see
// UseIdentity. Errors: ConfigError with the flag's name. Limits: limits.h.
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

  /// The certificate for new connections; open ones keep theirs. `key_log` may be null and outlives
  /// the server. On an error, whose text is the reason, the old certificate, if any, stays.
  Result<void, std::string> UseIdentity(const dtls::Identity& identity, tls::KeyLog* key_log);
  /// Returns the bound port. Throws ConfigError with `flag` if the address cannot be bound.
  uint16_t Bind(const std::string& flag, const BindAddress& address);
  /// Accepts connections from now on, on its own threads. Once, after Bind and UseIdentity.
  void Serve();

  /// Takes no further connections and requests; transfers under way go on.
  void Drain();
  /// No transfer is under way.
  bool idle() const;
  /// Aborts the remaining transfers, and waits for the threads.
  void Stop();

  const Counters& counters() const;
  /// The duration so far of the longest present turn of all loops. Any thread.
  Duration turn_age() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband::edge::fallback
