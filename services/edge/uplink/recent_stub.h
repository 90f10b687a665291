// A stub on a channel that is recent: gRPC resolves a name again only when a connection breaks, and
// would not find added replicas.
//
// The next channel is used once it has a connection. If it were used at once, its first streams
// would all go to the replica that is connected first; and while DNS fails it would have no replica
// at all, while the old one still has all of them.
//
// Threading: one thread at a time. Ownership: a stub stays usable for as long as it is held.
#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <memory>
#include <utility>

#include "lowband/v1/translator.grpc.pb.h"
#include "services/edge/uplink/lane_channel.h"

namespace lowband::edge::uplink {

class RecentStub {
 public:
  RecentStub(const TransportConfig& config, ChannelUse use) : config_(config), use_(use) {}

  const std::shared_ptr<v1::Translator::Stub>& Get(TimePoint now) {
    if (next_ != nullptr && next_->GetState(true) == GRPC_CHANNEL_READY) {
      Use(std::exchange(next_, nullptr));
    }
    if (stub_ == nullptr) {
      Use(MakeLaneChannel(config_, use_, this));
      resolved_at_ = now;
    } else if (next_ == nullptr && now - resolved_at_ >= config_.resolve_interval) {
      next_ = MakeLaneChannel(config_, use_, this);
      next_->GetState(true);
      resolved_at_ = now;
    }
    return stub_;
  }

 private:
  void Use(const std::shared_ptr<grpc::Channel>& channel) {
    stub_ = v1::Translator::NewStub(channel);
  }

  const TransportConfig config_;
  const ChannelUse use_;
  std::shared_ptr<v1::Translator::Stub> stub_;
  std::shared_ptr<grpc::Channel> next_;
  TimePoint resolved_at_;
};

}  // namespace lowband::edge::uplink
