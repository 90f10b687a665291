// The gRPC channels that lanes and relays are opened on: replicas in turn, health checked, nothing
// sent twice.
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
  /// Bulk: windows stay small, so that little of a transfer is held at either end.
  kRelays,
  /// The same, many on a stream, each with flow control of its own.
  kRelayLanes,
};

/// A channel to config.target. Channels of one `owner` share their connections, so that a new one
/// costs no more than resolving the name again; owners do not, so that workers do not contend.
std::shared_ptr<grpc::Channel> MakeLaneChannel(const TransportConfig& config, ChannelUse use,
                                               void* owner);

/// The load balancing in use. gRPC would take a misspelt one for an order to fail every call.
std::string LaneServiceConfig();

}  // namespace lowband::edge::uplink
