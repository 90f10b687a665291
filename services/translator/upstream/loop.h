// One upstream thread: an epoll loop around one libcurl multi handle and its connections.
//
//   Submit ──inbox──▶ pending (each with its deadline) ──▶ active (libcurl) ──▶ completion
//            places.h: waiting, starting, making room
//
// Threading: Submit, Cancel, AbortAll and Quit from any thread; all else, completions included, on
// the loop's own. Ownership: the loop owns its thread; the destructor quits and joins. Either the
// loop takes an exchange out of waiting_ to complete it, or Cancel to drop it, never both. Limits:
// the loop's shares of the places. The inbox holds all submissions until the loop's next turn; the
// ingress bounds them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/base/timer_queue.h"
#include "services/translator/upstream/breaker.h"
#include "services/translator/upstream/client.h"
#include "services/translator/upstream/curl_handle.h"
#include "services/translator/upstream/curl_poll.h"
#include "services/translator/upstream/homeserver.h"
#include "services/translator/upstream/places.h"
#include "services/translator/upstream/transfer.h"

namespace lowband::translator::upstream {

/// The state shared by the loops of one client.
struct LoopShared {
  const UpstreamConfig& config;
  const Homeserver& homeserver;
  UpstreamCounters& counters;
  /// Called on a loop's thread after each completion.
  std::function<void()> on_complete;
  /// Called on a loop's thread with libcurl's text for a fault.
  std::function<void(std::string)> on_fault_text;
};

class Loop {
 public:
  /// `limits`: the loop's share of the client's.
  Loop(const LoopShared& shared, const PlaceLimits& limits);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void Submit(uint64_t id, mapping::HttpRequest request, UpstreamClient::Completion done);
  /// Completes `done` with `fault` on the loop's thread.
  void Refuse(uint64_t id, mapping::UpstreamFault fault, UpstreamClient::Completion done);
  /// True if the exchange was still waiting and its completion will not be called.
  bool Cancel(uint64_t id);
  /// Completes all exchanges with kStopping.
  void AbortAll();

 private:
  using Outcome = Result<mapping::HttpResponse, mapping::UpstreamFault>;
  struct Submission {
    uint64_t id;
    mapping::HttpRequest request;
    TimePoint at;
  };
  struct RefusedRequest {
    uint64_t id;
    mapping::UpstreamFault fault;
  };
  /// The input of other threads for the loop between two turns.
  struct Inbox {
    std::vector<Submission> submitted;
    std::vector<RefusedRequest> refused;
    std::vector<uint64_t> cancelled;
    bool abort_all = false;
    bool quit = false;
  };

  void Run();
  Inbox TakeInbox();
  /// False: quit.
  bool ReadInbox();
  void DropCancelled(uint64_t id);
  void DropAll();
  void Take(Submission submission);
  void MakeRoom(uint64_t id);
  void RefuseForRoom(uint64_t id, bool is_poll, mapping::UpstreamFault fault);
  void StartPending();
  void Start(Submission submission);
  /// Removes it from libcurl; false: it is not active.
  bool Detach(uint64_t id);
  void ExpirePending();
  void FinishTransfer(CURL* easy, CURLcode code);
  void Complete(uint64_t id, Outcome outcome);
  CurlEasy TakeEasy();
  void KeepEasy(CurlEasy easy);
  void PublishGauges();

  const LoopShared& shared_;

  Mutex mutex_;
  Inbox inbox_ LOWBAND_GUARDED_BY(mutex_);
  std::unordered_map<uint64_t, UpstreamClient::Completion> waiting_ LOWBAND_GUARDED_BY(mutex_);

  // Only for the loop's thread.
  TimePoint now_;
  Breaker breaker_{shared_.config.connect_timeout};
  Places places_;
  std::unordered_map<uint64_t, Submission> pending_;
  TimerQueue<uint64_t> pending_deadlines_;
  std::vector<CurlEasy> spare_;
  std::unordered_map<uint64_t, std::unique_ptr<Transfer>> active_;
  size_t published_active_ = 0;
  size_t published_pending_ = 0;
  size_t published_polls_ = 0;
  CurlPoll poll_;

  std::thread thread_;  ///< Last: starts when all other members exist.
};

}  // namespace lowband::translator::upstream
