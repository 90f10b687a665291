// Which lane a transfer goes on: a few take what comes, in turn, each for a while; and while there
// are translators that know no lanes, none does.
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
    // The stubs' channels end here, then, and not on a thread of gRPC's.
    gone_->get_future().wait();
  }
  GrpcRelayChannel(const GrpcRelayChannel&) = delete;
  GrpcRelayChannel& operator=(const GrpcRelayChannel&) = delete;

  std::unique_ptr<Call> Open(Waker waker, v1::RelayRequest request, size_t window) override {
    const TimePoint now = std::chrono::steady_clock::now();
    while (now >= unknown_until_->load(std::memory_order_relaxed)) {
      // Another thread may fill it up, or its translator end it, before we come to it.
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
    // The translators in turn, and of each its lanes. One that hangs opens no lane, and gets
    // nothing as long as others do.
    const auto chosen =
        std::ranges::min_element(serving_, {}, [this](const Serving& one) LOWBAND_REQUIRES(mutex_) {
          const uint64_t replica = one.lane->replica();
          return std::tuple(replica == 0, replica == 0 ? 0 : LastTurn(replica), one.turn);
        });
    chosen->turn = ++turn_;
    return chosen->lane;
  }

  /// When that translator last had its turn, on whichever lane.
  uint64_t LastTurn(uint64_t replica) const LOWBAND_REQUIRES(mutex_) {
    uint64_t last = 0;
    for (const Serving& one : serving_) {
      if (one.lane->replica() == replica) last = std::max(last, one.turn);
    }
    return last;
  }

  std::shared_ptr<RelayLane> OpenLane(TimePoint now) LOWBAND_REQUIRES(mutex_) {
    // Calls of gRPC's threads, which may outlive us.
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
  /// Told when the last stream has let go of the token.
  const std::shared_ptr<std::promise<void>> gone_ = std::make_shared<std::promise<void>>();
  StreamToken token_{nullptr, [gone = gone_](void*) { gone->set_value(); }};
  Mutex mutex_;
  uplink::RecentStub lane_stub_ LOWBAND_GUARDED_BY(mutex_);
  uplink::RecentStub call_stub_ LOWBAND_GUARDED_BY(mutex_);
  struct Serving {
    std::shared_ptr<RelayLane> lane;
    uint64_t turn = 0;  ///< Its last.
  };
  /// Those that take transfers, as far as is known.
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
