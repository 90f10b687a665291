// The gRPC channels of lanes and relays: round robin over the replicas, health checks, no retries.
//
// Threading: any; gRPC's channels are safe. Spec: gRPC's service config and keepalive documents.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "services/edge/uplink/lane_transport.h"

namespace grpc {
class Channel;
}

namespace lowband::edge::uplink {

enum class ChannelUse : uint8_t {
  kLanes,
  /// Bulk: small windows, so that both ends hold little of a transfer.
  kRelays,
  /// As kRelays, many on a stream, each with its own flow control.
  kRelayLanes,
};

/// A channel to config.target. Channels of one `owner` share their connections, so that a new one
/// only resolves the name again; different owners share none, so that workers do not contend.
std::shared_ptr<grpc::Channel> MakeLaneChannel(const TransportConfig& config, ChannelUse use,
                                               void* owner);

/// The load balancing policy. With a misspelt one, gRPC would fail every call.
std::string LaneServiceConfig();

}  // namespace lowband::edge::uplink
