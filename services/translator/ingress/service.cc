#include "services/translator/ingress/service.h"

#include <utility>
#include <vector>

#include "services/translator/ingress/lane.h"
#include "services/translator/ingress/limits.h"
#include "services/translator/ingress/shared.h"

namespace lowband::translator::ingress {
namespace {

using LaneReactor = grpc::ServerBidiReactor<v1::EdgeBatch, v1::TranslatorBatch>;

/// Ends a stream at once. gRPC's interface asks for an object that deletes itself.
class Refusal final : public LaneReactor {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

Service::Service(const Config& config, Handler& handler)
    : handler_(handler), shared_(std::make_shared<Shared>(config)) {}
Service::~Service() = default;

LaneReactor* Service::Exchange(grpc::CallbackServerContext*) {
  const MutexLock lock(mutex_);
  if (draining_ || lanes_.size() >= kLanesMax) {
    shared_->counters.lanes_refused.fetch_add(1, std::memory_order_relaxed);
    return new Refusal(draining_
                           ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining")
                           : grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many lanes"));
  }
  const uint64_t id = next_lane_++;
  auto lane =
      std::make_shared<Lane>(id, handler_, shared_, [this](uint64_t gone) { Forget(gone); });
  lanes_.emplace(id, lane);
  // Nothing reacts before the reactor is returned, so the lock does no harm; without it Drain
  // could write before the stream is accepted.
  lane->Begin();
  return lane.get();
}

void Service::Forget(uint64_t lane) {
  const MutexLock lock(mutex_);
  lanes_.erase(lane);
}

void Service::Drain() {
  std::vector<std::shared_ptr<Lane>> lanes;
  {
    const MutexLock lock(mutex_);
    draining_ = true;
    for (const auto& [id, weak] : lanes_) {
      if (auto lane = weak.lock()) lanes.push_back(std::move(lane));
    }
  }
  for (const auto& lane : lanes) lane->Drain();
}

size_t Service::lanes() const {
  const MutexLock lock(mutex_);
  return lanes_.size();
}

size_t Service::exchanges_in_flight() const { return shared_->exchanges.used(); }
const Counters& Service::counters() const { return shared_->counters; }

}  // namespace lowband::translator::ingress
