// The gRPC service: accepts lanes and relays, and drains them.
//
// Threading: Exchange and Relay by gRPC's threads, the rest by any. Ownership: outlives the gRPC
// server; the handlers outlive both.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/base/time.h"
#include "lowband/v1/translator.grpc.pb.h"
#include "services/translator/ingress/config.h"
#include "services/translator/ingress/counters.h"
#include "services/translator/ingress/handler.h"
#include "services/translator/ingress/relay.h"

namespace lowband::translator::ingress {

class Lane;
class RelayLane;
struct Shared;

class Service final : public v1::Translator::CallbackService {
 public:
  /// `relays`: null if there is no such call.
  Service(const Config& config, Handler& handler, RelayHandler* relays);
  ~Service() override;

  /// To be called each kTickInterval until Drain(): ends the lanes that were open while the process
  /// slept.
  void Tick(TimePoint now);
  /// Tells every edge to send nothing new, and accepts no more lanes.
  void Drain();

  size_t lanes() const;
  size_t relay_lanes() const;
  size_t exchanges_in_flight() const;
  size_t relays() const;
  /// Answers by a window that wait for their clients.
  size_t answers_held() const;
  size_t answers_held_bytes() const;
  const Counters& counters() const;

 private:
  grpc::ServerBidiReactor<v1::EdgeBatch, v1::TranslatorBatch>* Exchange(
      grpc::CallbackServerContext* context) override;
  grpc::ServerBidiReactor<v1::RelayChunk, v1::RelayChunk>* Relay(
      grpc::CallbackServerContext* context) override;
  grpc::ServerBidiReactor<v1::RelayEdgeBatch, v1::RelayTranslatorBatch>* Relays(
      grpc::CallbackServerContext* context) override;
  void Forget(uint64_t lane);
  void ForgetRelayLane(uint64_t lane);

  Handler& handler_;
  RelayHandler* const relay_handler_;
  const std::shared_ptr<Shared> shared_;
  mutable Mutex mutex_;
  bool draining_ LOWBAND_GUARDED_BY(mutex_) = false;
  uint64_t next_lane_ LOWBAND_GUARDED_BY(mutex_) = 1;
  std::unordered_map<uint64_t, std::weak_ptr<Lane>> lanes_ LOWBAND_GUARDED_BY(mutex_);
  std::unordered_map<uint64_t, std::weak_ptr<RelayLane>> relay_lanes_ LOWBAND_GUARDED_BY(mutex_);
};

}  // namespace lowband::translator::ingress
