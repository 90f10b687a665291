#include "services/translator/ingress/service.h"

#include <string>
#include <utility>
#include <vector>

#include "services/translator/ingress/lane.h"
#include "services/translator/ingress/limits.h"
#include "services/translator/ingress/relay_lane.h"
#include "services/translator/ingress/relay_stream.h"
#include "services/translator/ingress/shared.h"

namespace lowband::translator::ingress {
namespace {

using LaneReactor = grpc::ServerBidiReactor<v1::EdgeBatch, v1::TranslatorBatch>;
using RelayReactor = grpc::ServerBidiReactor<v1::RelayChunk, v1::RelayChunk>;
using RelayLaneReactor = grpc::ServerBidiReactor<v1::RelayEdgeBatch, v1::RelayTranslatorBatch>;

/// Ends a stream at once. gRPC's interface asks for an object that deletes itself.
template <class In, class Out>
class Refusal final : public grpc::ServerBidiReactor<In, Out> {
 public:
  explicit Refusal(const grpc::Status& status) { this->Finish(status); }
  void OnDone() override { delete this; }
};
using RefusedLane = Refusal<v1::EdgeBatch, v1::TranslatorBatch>;
using RefusedRelay = Refusal<v1::RelayChunk, v1::RelayChunk>;
using RefusedRelayLane = Refusal<v1::RelayEdgeBatch, v1::RelayTranslatorBatch>;

grpc::Status Draining() { return {grpc::StatusCode::UNAVAILABLE, "draining"}; }
/// The contract's status for relays that another replica may take.
grpc::Status TakesNoRelays() { return {grpc::StatusCode::FAILED_PRECONDITION, "draining"}; }
grpc::Status NoRelays() { return {grpc::StatusCode::UNIMPLEMENTED, "no relay here"}; }
grpc::Status TooMany(const char* what) {
  return {grpc::StatusCode::RESOURCE_EXHAUSTED, std::string("too many ") + what};
}

template <class Lane>
std::vector<std::shared_ptr<Lane>> Alive(
    const std::unordered_map<uint64_t, std::weak_ptr<Lane>>& lanes) {
  std::vector<std::shared_ptr<Lane>> alive;
  for (const auto& [id, weak] : lanes) {
    if (auto lane = weak.lock()) alive.push_back(std::move(lane));
  }
  return alive;
}

}  // namespace

Service::Service(const Config& config, Handler& handler, RelayHandler* relays)
    : handler_(handler), relay_handler_(relays), shared_(std::make_shared<Shared>(config)) {}
Service::~Service() = default;

LaneReactor* Service::Exchange(grpc::CallbackServerContext* context) {
  const MutexLock lock(mutex_);
  if (draining_ || lanes_.size() >= kLanesMax) {
    shared_->counters.lanes_refused.fetch_add(1, std::memory_order_relaxed);
    return new RefusedLane(draining_ ? Draining() : TooMany("lanes"));
  }
  const uint64_t id = next_lane_++;
  auto lane = std::make_shared<Lane>(id, handler_, shared_, *context,
                                     [this](uint64_t gone) { Forget(gone); });
  lanes_.emplace(id, lane);
  // gRPC makes no calls before the reactor is returned, so the lock is safe; without it Drain could
  // write before the stream is accepted.
  lane->Begin();
  return lane.get();
}

RelayReactor* Service::Relay(grpc::CallbackServerContext*) {
  if (relay_handler_ == nullptr) {
    return new RefusedRelay(NoRelays());
  }
  const MutexLock lock(mutex_);
  Counters& counters = shared_->counters;
  if (draining_) {
    counters.relays_refused_draining.fetch_add(1, std::memory_order_relaxed);
    return new RefusedRelay(TakesNoRelays());
  }
  // Its network is known only after it was accepted.
  auto entered = shared_->relays.Enter(std::nullopt, {});
  if (!entered.place) {
    counters.relays_refused_overload.fetch_add(1, std::memory_order_relaxed);
    return new RefusedRelay(TooMany("relays"));
  }
  const auto stream =
      std::make_shared<RelayStream>(*relay_handler_, shared_, std::move(*entered.place));
  stream->Begin();
  return stream.get();
}

RelayLaneReactor* Service::Relays(grpc::CallbackServerContext*) {
  if (relay_handler_ == nullptr) return new RefusedRelayLane(NoRelays());
  const MutexLock lock(mutex_);
  if (draining_ || relay_lanes_.size() >= kRelayLanesMax) {
    shared_->counters.relay_lanes_refused.fetch_add(1, std::memory_order_relaxed);
    return new RefusedRelayLane(draining_ ? TakesNoRelays() : TooMany("relay lanes"));
  }
  const uint64_t id = next_lane_++;
  auto lane = std::make_shared<RelayLane>(id, *relay_handler_, shared_,
                                          [this](uint64_t gone) { ForgetRelayLane(gone); });
  relay_lanes_.emplace(id, lane);
  // Under the lock, as in Exchange().
  lane->Begin();
  return lane.get();
}

void Service::ForgetRelayLane(uint64_t lane) {
  const MutexLock lock(mutex_);
  relay_lanes_.erase(lane);
}

void Service::Forget(uint64_t lane) {
  const MutexLock lock(mutex_);
  lanes_.erase(lane);
}

void Service::Tick(TimePoint now) {
  if (!shared_->awake.Tick(now)) return;
  std::vector<std::shared_ptr<Lane>> lanes;
  {
    const MutexLock lock(mutex_);
    lanes = Alive(lanes_);
  }
  for (const auto& lane : lanes) lane->EndIfSlept(now);
}

void Service::Drain() {
  shared_->awake.Stop();
  std::vector<std::shared_ptr<Lane>> lanes;
  std::vector<std::shared_ptr<RelayLane>> relay_lanes;
  {
    const MutexLock lock(mutex_);
    draining_ = true;
    lanes = Alive(lanes_);
    relay_lanes = Alive(relay_lanes_);
  }
  for (const auto& lane : lanes) lane->Drain();
  for (const auto& lane : relay_lanes) lane->Drain();
}

size_t Service::lanes() const {
  const MutexLock lock(mutex_);
  return lanes_.size();
}

size_t Service::relay_lanes() const {
  const MutexLock lock(mutex_);
  return relay_lanes_.size();
}

size_t Service::relays() const { return shared_->relays.used(); }
size_t Service::answers_held() const { return shared_->held.size(); }
size_t Service::answers_held_bytes() const { return shared_->held.bytes(); }
size_t Service::exchanges_in_flight() const { return shared_->exchanges.used(); }
const Counters& Service::counters() const { return shared_->counters; }

}  // namespace lowband::translator::ingress
