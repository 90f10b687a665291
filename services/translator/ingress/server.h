// The gRPC server of the translator: listening, authentication, keepalive of connections, stopping.
// grpc.health.v1 is served beside the lanes.
//
// Threading: main. Ownership: the handlers outlive the server. Errors: ConfigError naming the flag.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "libs/base/time.h"
#include "services/translator/ingress/config.h"
#include "services/translator/ingress/counters.h"
#include "services/translator/ingress/handler.h"
#include "services/translator/ingress/relay.h"

namespace grpc {
class ServerCredentials;
}

namespace lowband::translator::ingress {

struct ServerConfig {
  std::string listen;  ///< --listen, as libs/grpc/target.h takes it.
  std::shared_ptr<grpc::ServerCredentials> credentials;
  /// Connections end after this time; zero: never. Edges replace their lanes and resolve the
  /// translator's name again by themselves, so this is for foreign clients and unusual balancers.
  Duration connection_age_max = Duration::zero();
  Config ingress;
};

class Server {
 public:
  /// Listens and serves. Throws ConfigError naming --listen if it cannot.
  /// `relays` also outlives the server; without it there is no Relay call.
  Server(const ServerConfig& config, Handler& handler, RelayHandler* relays = nullptr);
  /// Cuts off all remaining streams.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The TCP port in use; 0 on a unix socket.
  uint16_t port() const;
  /// To be called each kTickInterval until Drain(); see awake.h. Without it sleep is not noticed.
  void Tick(TimePoint now);
  /// Sets health to NOT_SERVING, tells edges to send nothing new, and finishes the work under way;
  /// cuts off the rest after `limit`. Returns when every lane has ended, and not before kFarewell
  /// if there was any.
  void Drain(Duration limit);

  size_t lanes() const;
  size_t relay_lanes() const;
  size_t exchanges_in_flight() const;
  size_t relays() const;
  size_t answers_held() const;
  size_t answers_held_bytes() const;
  const Counters& counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband::translator::ingress
