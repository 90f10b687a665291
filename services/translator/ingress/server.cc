#include "services/translator/ingress/server.h"

#include <grpcpp/ext/health_check_service_server_builder_option.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <thread>

#include "libs/base/config_error.h"
#include "libs/grpc/contract.h"
#include "libs/grpc/runtime.h"
#include "libs/grpc/target.h"
#include "services/translator/ingress/limits.h"
#include "services/translator/ingress/service.h"

namespace lowband::translator::ingress {
namespace {

int Milliseconds(std::chrono::milliseconds duration) { return static_cast<int>(duration.count()); }

void SetConnectionLife(grpc::ServerBuilder& builder, const ServerConfig& config) {
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(contract::kKeepaliveTime));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             Milliseconds(contract::kKeepaliveTimeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             Milliseconds(contract::kPingIntervalMin));
  if (config.connection_age_max > Duration::zero()) {
    builder.AddChannelArgument(
        GRPC_ARG_MAX_CONNECTION_AGE_MS,
        Milliseconds(std::chrono::ceil<std::chrono::milliseconds>(config.connection_age_max)));
  }
}

}  // namespace

class Server::Impl {
 public:
  Impl(const ServerConfig& config, Handler& handler, RelayHandler* relays)
      : service_(config.ingress, handler, relays) {
    const auto target = ParseGrpcListenAddress(config.listen);
    if (!target) throw ConfigError("--listen", target.error());
    KeepGrpcAlive();
    grpc::ServerBuilder builder;
    // Otherwise a second translator would silently share the port.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(static_cast<int>(contract::kMessageBytesMax));
    SetConnectionLife(builder, config);
    // The windows of streams stay fixed: gRPC would widen them to many megabytes for a fast peer,
    // and so much of a relayed body would wait here.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES,
                               static_cast<int>(contract::kStreamWindowBytes));
    builder.AddListeningPort(target->name, config.credentials, &port_);
    builder.RegisterService(&service_);
    grpc::EnableDefaultHealthCheckService(true);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) {
      throw ConfigError("--listen", "cannot listen on '" + config.listen +
                                        "': in use, no address of this machine, or not allowed");
    }
    SetServing(true);
  }

  ~Impl() { Stop(Duration::zero()); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void Drain(Duration limit) {
    SetServing(false);
    const bool known_to_edges = service_.lanes() + service_.relay_lanes() > 0;
    service_.Drain();
    const Duration farewell = known_to_edges ? std::min(limit, kFarewell) : Duration::zero();
    std::this_thread::sleep_for(farewell);
    Stop(limit - farewell);
  }

  // gRPC reports port 1 for a unix socket.
  uint16_t port() const { return port_ > 1 ? static_cast<uint16_t>(port_) : 0; }
  void Tick(TimePoint now) { service_.Tick(now); }
  const Service& service() const { return service_; }

 private:
  void SetServing(bool serving) {
    if (auto* health = server_->GetHealthCheckService()) {
      health->SetServingStatus(serving);
      health->SetServingStatus(contract::kServiceName, serving);
    }
  }

  void Stop(Duration limit) {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now() +
                      std::chrono::duration_cast<std::chrono::system_clock::duration>(limit));
    server_->Wait();
    server_.reset();
  }

  Service service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

Server::Server(const ServerConfig& config, Handler& handler, RelayHandler* relays)
    : impl_(std::make_unique<Impl>(config, handler, relays)) {}
Server::~Server() = default;
uint16_t Server::port() const { return impl_->port(); }
void Server::Tick(TimePoint now) { impl_->Tick(now); }
void Server::Drain(Duration limit) { impl_->Drain(limit); }
size_t Server::lanes() const { return impl_->service().lanes(); }
size_t Server::relay_lanes() const { return impl_->service().relay_lanes(); }
size_t Server::exchanges_in_flight() const { return impl_->service().exchanges_in_flight(); }
size_t Server::answers_held() const { return impl_->service().answers_held(); }
size_t Server::answers_held_bytes() const { return impl_->service().answers_held_bytes(); }
size_t Server::relays() const { return impl_->service().relays(); }
const Counters& Server::counters() const { return impl_->service().counters(); }

}  // namespace lowband::translator::ingress
