#include "services/edge/uplink/lane_channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "libs/grpc/contract.h"

namespace lowband::edge::uplink {
namespace {

// Short, since a restarted translator must be in use again within 2 s; a connection attempt that
// hangs must not block the other connections of its channel for gRPC's 20 s.
constexpr int kReconnectMinMs = 100;
constexpr int kReconnectMaxMs = 500;
constexpr int kConnectTimeoutMs = 3000;
constexpr int kResolveIntervalMinMs = 1000;

int Milliseconds(std::chrono::milliseconds duration) { return static_cast<int>(duration.count()); }

}  // namespace

std::string LaneServiceConfig() {
  return R"({"loadBalancingConfig":[{"round_robin":{}}],"healthCheckConfig":{"serviceName":")" +
         std::string(contract::kServiceName) + "\"}}";
}

std::shared_ptr<grpc::Channel> MakeLaneChannel(const TransportConfig& config, ChannelUse use,
                                               void* owner) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(LaneServiceConfig());
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // Only the lane set repeats exchanges; gRPC's retries would also copy every message.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // No proxy, even if the environment names one.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(contract::kKeepaliveTime));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(contract::kKeepaliveTimeout));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMinMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, kResolveIntervalMinMs);
  arguments.SetMaxReceiveMessageSize(static_cast<int>(contract::kMessageBytesMax));
  arguments.SetPointer("lowband.owner", owner);
  if (use != ChannelUse::kLanes) {
    const size_t window =
        use == ChannelUse::kRelays ? contract::kStreamWindowBytes : contract::kRelayLaneWindowBytes;
    // gRPC would measure the link and enlarge the window of a fast one to megabytes.
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, static_cast<int>(window));
  }
  return grpc::CreateCustomChannel(config.target, config.credentials, arguments);
}

}  // namespace lowband::edge::uplink
