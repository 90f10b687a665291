// Chooses the lane of a transfer: a few lanes take new transfers in turn, each for a limited time.
// While there are translators without support for lanes, transfers are single calls.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <tuple>
#include <utility>

#include "libs/base/mutex.h"
#include "libs/grpc/runtime.h"
#include "services/edge/fallback/limits.h"
#include "services/edge/fallback/relay_call.h"
#include "services/edge/fallback/relay_lane.h"
#include "services/edge/fallback/single_call.h"
#include "services/edge/uplink/recent_stub.h"

namespace lowband::edge::fallback {
namespace {

class GrpcRelayChannel final : public RelayChannel {
 public:
  GrpcRelayChannel(const uplink::TransportConfig& config,
                   std::shared_ptr<RelayLaneCounters> counters)
      : counters_(std::move(counters)),
        lane_stub_(config, uplink::ChannelUse::kRelayLanes),
        call_stub_(config, uplink::ChannelUse::kRelays) {
    KeepGrpcAlive();
  }
  ~GrpcRelayChannel() override {
    for (const auto& weak : all_) {
      if (const auto lane = weak.lock()) lane->Abort();
    }
    serving_.clear();
    token_.reset();
    // So the stubs' channels are destroyed here, and not on a thread of gRPC.
    gone_->get_future().wait();
  }
  GrpcRelayChannel(const GrpcRelayChannel&) = delete;
  GrpcRelayChannel& operator=(const GrpcRelayChannel&) = delete;

  std::unique_ptr<Call> Open(Waker waker, v1::RelayRequest request, size_t window) override {
    const TimePoint now = std::chrono::steady_clock::now();
    while (now >= unknown_until_->load(std::memory_order_relaxed)) {
      // Before Start, another thread may fill the lane, or its translator may end it.
      const std::shared_ptr<RelayLane> lane = NextLane(now);
      if (auto call = lane->Start(request, window, waker)) return call;
    }
    RelayLaneCounters::Add(counters_->calls);
    std::shared_ptr<v1::Translator::Stub> stub;
    {
      const MutexLock lock(mutex_);
      stub = call_stub_.Get(now);
    }
    return MakeSingleCall(token_, std::move(stub), std::move(waker), std::move(request));
  }

 private:
  std::shared_ptr<RelayLane> NextLane(TimePoint now) {
    const MutexLock lock(mutex_);
    std::erase_if(serving_, [now](const Serving& one) {
      const bool old = now - one.lane->opened_at() >= kLaneServes;
      if (!old && one.lane->TakesCalls()) return false;
      one.lane->Retire();
      return true;
    });
    if (serving_.size() < kLanesServing) serving_.push_back({OpenLane(now)});
    // The translators take turns, and so do the lanes of each. A translator that hangs opens no
    // lane, and gets no transfers as long as other lanes are open.
    const auto chosen =
        std::ranges::min_element(serving_, {}, [this](const Serving& one) LOWBAND_REQUIRES(mutex_) {
          const uint64_t replica = one.lane->replica();
          return std::tuple(replica == 0, replica == 0 ? 0 : LastTurn(replica), one.turn);
        });
    chosen->turn = ++turn_;
    return chosen->lane;
  }

  /// The last turn of that translator, on any of its lanes.
  uint64_t LastTurn(uint64_t replica) const LOWBAND_REQUIRES(mutex_) {
    uint64_t last = 0;
    for (const Serving& one : serving_) {
      if (one.lane->replica() == replica) last = std::max(last, one.turn);
    }
    return last;
  }

  std::shared_ptr<RelayLane> OpenLane(TimePoint now) LOWBAND_REQUIRES(mutex_) {
    // Called on gRPC's threads, perhaps after this object's end.
    auto unknown = [until = unknown_until_, counters = counters_] {
      RelayLaneCounters::Add(counters->unknown);
      until->store(std::chrono::steady_clock::now() + kLanesUnknown, std::memory_order_relaxed);
    };
    auto lane = std::make_shared<RelayLane>(now, token_, lane_stub_.Get(now), counters_,
                                            std::move(unknown));
    lane->Begin();
    std::erase_if(all_, [](const auto& weak) { return weak.expired(); });
    all_.push_back(lane);
    return lane;
  }

  const std::shared_ptr<RelayLaneCounters> counters_;
  const std::shared_ptr<std::atomic<TimePoint>> unknown_until_ =
      std::make_shared<std::atomic<TimePoint>>(TimePoint());
  /// Set when the last stream has released the token.
  const std::shared_ptr<std::promise<void>> gone_ = std::make_shared<std::promise<void>>();
  StreamToken token_{nullptr, [gone = gone_](void*) { gone->set_value(); }};
  Mutex mutex_;
  uplink::RecentStub lane_stub_ LOWBAND_GUARDED_BY(mutex_);
  uplink::RecentStub call_stub_ LOWBAND_GUARDED_BY(mutex_);
  struct Serving {
    std::shared_ptr<RelayLane> lane;
    uint64_t turn = 0;  ///< Its last turn.
  };
  /// Lanes that probably still take transfers.
  std::vector<Serving> serving_ LOWBAND_GUARDED_BY(mutex_);
  uint64_t turn_ LOWBAND_GUARDED_BY(mutex_) = 0;
  std::vector<std::weak_ptr<RelayLane>> all_ LOWBAND_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<RelayChannel> MakeRelayChannel(const uplink::TransportConfig& config,
                                               std::shared_ptr<RelayLaneCounters> counters) {
  return std::make_unique<GrpcRelayChannel>(config, std::move(counters));
}

}  // namespace lowband::edge::fallback
