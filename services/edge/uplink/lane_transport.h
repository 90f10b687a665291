// Carries out a lane set's actions by gRPC: each lane is one bidirectional stream.
//
//   LaneSet ──Action──▶ Execute ─▶ stream ─▶ gRPC's threads ─▶ translator
//      ▲                                          │
//      └──LaneEvent── Drain ◀── mailbox (fd) ◀────┘
//
// A stream is read again only after its last batch was drained: a slow worker slows its translators
// down by gRPC's flow control, and batches become larger.
//
// Threading: the worker's thread only; gRPC's threads only push into the mailbox.
// Ownership: owns its streams; the destructor cancels them and waits for their end. Limits:
// limits.h.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/time.h"
#include "services/edge/uplink/actions.h"
#include "services/edge/uplink/lane_event.h"

namespace grpc {
class ChannelCredentials;
}

namespace lowband {
class Logger;
}

namespace lowband::edge::uplink {

/// The time of the last warning of all workers' transports, which all use the same translators.
/// Threading: any.
class SharedPace {
 public:
  /// True, and counted as a pass, if the last pass is at least `interval` ago.
  bool Pass(TimePoint now, Duration interval);

 private:
  std::atomic<Duration::rep> passed_{0};
};

struct TransportConfig {
  std::string target;  ///< --translator, checked by libs/grpc/security.h.
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  /// The largest age of the list of replicas when a lane is opened: gRPC resolves a name again only
  /// when a connection breaks, and would not find added replicas.
  Duration resolve_interval = std::chrono::seconds(10);
  Logger* log = nullptr;  ///< Outlives the transport; null: silent.
  /// For all workers: copies of a configuration share them.
  std::shared_ptr<SharedPace> lost_pace = std::make_shared<SharedPace>();
  std::shared_ptr<SharedPace> unreachable_pace = std::make_shared<SharedPace>();
};

class LaneTransport {
 public:
  explicit LaneTransport(const TransportConfig& config);
  ~LaneTransport();
  LaneTransport(const LaneTransport&) = delete;
  LaneTransport& operator=(const LaneTransport&) = delete;

  void Execute(Action action);
  /// The events, oldest first. `events` is cleared before.
  void Drain(std::vector<LaneEvent>& events);
  /// Readable while there is something to drain.
  int fd() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband::edge::uplink
