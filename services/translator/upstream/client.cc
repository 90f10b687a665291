#include "services/translator/upstream/client.h"

#include <atomic>
#include <utility>
#include <vector>

#include "libs/base/mutex.h"
#include "services/translator/upstream/counters.h"
#include "services/translator/upstream/curl_handle.h"
#include "services/translator/upstream/homeserver.h"
#include "services/translator/upstream/in_flight.h"
#include "services/translator/upstream/loop.h"

namespace lowband::translator::upstream {
namespace {

// A handle is a number in the order of submission, with its loop in the low bits.
constexpr unsigned kLoopBits = 8;
static_assert(kUpstreamThreadsMax < (1u << kLoopBits));

}  // namespace

class UpstreamClient::Impl {
 public:
  explicit Impl(const UpstreamConfig& config)
      : config_(Checked(config)),
        homeserver_(ParseHomeserver(config.homeserver)),
        shared_{config_, homeserver_, counters_, [this] { in_flight_.Remove(); },
                [this](std::string text) { KeepFault(std::move(text)); }} {
    const uint64_t threads = config_.threads;
    const PlaceLimits share{.active_max = (config_.active_max + threads - 1) / threads,
                            .pending_max = (config_.pending_max + threads - 1) / threads,
                            .polls_per_owner_max = config_.polls_per_owner_max};
    for (uint64_t i = 0; i < threads; ++i) loops_.push_back(std::make_unique<Loop>(shared_, share));
  }

  Handle Submit(mapping::HttpRequest request, Completion done) {
    counters_.submitted.fetch_add(1, std::memory_order_relaxed);
    in_flight_.Add();
    const uint64_t sequence = next_.fetch_add(1, std::memory_order_relaxed);
    // All polls of one owner go to one loop, which can count them.
    const uint64_t index = (request.long_poll ? request.owner : sequence) % loops_.size();
    const Handle handle = sequence << kLoopBits | index;
    if (stopping_.load()) {
      loops_[index]->Refuse(handle, mapping::UpstreamFault::kStopping, std::move(done));
    } else {
      loops_[index]->Submit(handle, std::move(request), std::move(done));
    }
    return handle;
  }

  void Cancel(Handle handle) {
    const uint64_t index = handle & ((1u << kLoopBits) - 1);
    if (index < loops_.size() && loops_[index]->Cancel(handle)) in_flight_.Remove();
  }

  void Drain(Duration limit) {
    stopping_.store(true);
    if (in_flight_.WaitForNone(limit)) return;
    for (const auto& loop : loops_) loop->AbortAll();
    in_flight_.WaitForNone();
  }

  const UpstreamCounters& counters() const { return counters_; }
  size_t in_flight() const { return in_flight_.count(); }
  std::string last_fault() {
    const MutexLock lock(fault_mutex_);
    return fault_;
  }

 private:
  static const UpstreamConfig& Checked(const UpstreamConfig& config) {
    config.Validate();
    return config;
  }

  void KeepFault(std::string text) {
    const MutexLock lock(fault_mutex_);
    fault_ = std::move(text);
  }

  const CurlLibrary library_;
  const UpstreamConfig config_;
  const Homeserver homeserver_;
  UpstreamCounters counters_;
  std::atomic<uint64_t> next_{1};
  InFlight in_flight_;
  std::atomic<bool> stopping_{false};
  Mutex fault_mutex_;
  std::string fault_ LOWBAND_GUARDED_BY(fault_mutex_);
  const LoopShared shared_;
  std::vector<std::unique_ptr<Loop>> loops_;  ///< Last: their threads use all of the above.
};

UpstreamClient::UpstreamClient(const UpstreamConfig& config)
    : impl_(std::make_unique<Impl>(config)) {}

UpstreamClient::~UpstreamClient() { impl_->Drain(Duration::zero()); }

UpstreamClient::Handle UpstreamClient::Submit(mapping::HttpRequest request, Completion done) {
  return impl_->Submit(std::move(request), std::move(done));
}

void UpstreamClient::Cancel(Handle handle) { impl_->Cancel(handle); }
void UpstreamClient::Drain(Duration limit) { impl_->Drain(limit); }
const UpstreamCounters& UpstreamClient::counters() const { return impl_->counters(); }
size_t UpstreamClient::in_flight() const { return impl_->in_flight(); }
std::string UpstreamClient::last_fault() const { return impl_->last_fault(); }

}  // namespace lowband::translator::upstream
