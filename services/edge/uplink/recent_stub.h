// A stub on a channel that is young enough: gRPC resolves a name again only when a connection
// breaks, and would never learn of replicas that were added.
//
// Threading: one thread at a time. Ownership: what was given out stays usable for as long as it is
// held.
#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <memory>

#include "lowband/v1/translator.grpc.pb.h"
#include "services/edge/uplink/lane_channel.h"

namespace lowband::edge::uplink {

class RecentStub {
 public:
  RecentStub(const TransportConfig& config, ChannelUse use) : config_(config), use_(use) {}

  const std::shared_ptr<v1::Translator::Stub>& Get(TimePoint now) {
    if (stub_ == nullptr || now - resolved_at_ >= config_.resolve_interval) {
      stub_ = v1::Translator::NewStub(MakeLaneChannel(config_, use_, this));
      resolved_at_ = now;
    }
    return stub_;
  }

 private:
  const TransportConfig config_;
  const ChannelUse use_;
  std::shared_ptr<v1::Translator::Stub> stub_;
  TimePoint resolved_at_;
};

}  // namespace lowband::edge::uplink
