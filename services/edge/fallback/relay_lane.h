// One relay lane: the gRPC stream of one Relays call, which many transfers share. When the stream
// is ready, the output of all transfers is written together.
//
//   opening ──▶ serving ──retired, and no transfers──▶ half-closed ──▶ over
//      └── cancelled, or lost ──┴──▶ over: open transfers end according to the stream's status
//
// Threading: any; one lock, taken by the connections' loops and gRPC's threads. Ownership: owns
// itself until gRPC is done with it; calls and the channel share it. Limits: kCallsPerLane. Spec:
// gRPC's callback API, grpcpp/support/client_callback.h.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/base/time.h"
#include "lowband/v1/translator.grpc.pb.h"
#include "services/edge/fallback/lane_calls.h"
#include "services/edge/fallback/single_call.h"

namespace lowband::edge::fallback {

class RelayLane final
    : public grpc::ClientBidiReactor<v1::RelayEdgeBatch, v1::RelayTranslatorBatch>,
      public std::enable_shared_from_this<RelayLane> {
 public:
  /// `unknown` is called, on gRPC's threads, if the translator does not support relay lanes; it
  /// must not call the lane.
  RelayLane(TimePoint now, StreamToken token, std::shared_ptr<v1::Translator::Stub> stub,
            std::shared_ptr<RelayLaneCounters> counters, std::function<void()> unknown);

  /// Called once, first.
  void Begin();
  /// Null: it takes no further calls, and `request` is unchanged. Otherwise moves from `request`.
  std::unique_ptr<RelayChannel::Call> Start(v1::RelayRequest& request, size_t window, Waker waker);
  bool TakesCalls();
  /// Takes no further calls, and ends after its present calls.
  void Retire();
  /// Ends at once.
  void Abort();
  TimePoint opened_at() const { return opened_at_; }
  /// A hash that identifies its translator; 0 until it is open.
  uint64_t replica() const { return replica_.load(std::memory_order_relaxed); }

 private:
  class Call;
  /// Actions decided under the lock and done without it, since gRPC may call back at once.
  struct Todo {
    bool write = false;
    bool half_close = false;
    bool abort = false;
    bool release = false;
  };

  void OnReadInitialMetadataDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnWritesDoneDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  /// Changes `calls_`, then carries out the resulting Todo.
  template <class Change>
  void Do(Change change);
  bool usable() const LOWBAND_REQUIRES(mutex_) {
    return !read_ended_ && !half_closed_ && !aborted_ && !write_failed_;
  }
  bool TakesMore() const LOWBAND_REQUIRES(mutex_);
  Todo Plan() LOWBAND_REQUIRES(mutex_);
  void Carry(const Todo& todo);

  const StreamToken token_;  ///< The first member, so destroyed last.
  const TimePoint opened_at_;
  const std::shared_ptr<v1::Translator::Stub> stub_;
  const std::shared_ptr<RelayLaneCounters> counters_;
  const std::function<void()> unknown_;
  std::shared_ptr<RelayLane> self_;
  grpc::ClientContext context_;
  std::atomic<uint64_t> replica_{0};

  // Each belongs to gRPC during its operation, otherwise to the caller that starts the next.
  v1::RelayTranslatorBatch in_;
  v1::RelayEdgeBatch out_;

  Mutex mutex_;
  LaneCalls calls_ LOWBAND_GUARDED_BY(mutex_);
  bool opened_ LOWBAND_GUARDED_BY(mutex_) = false;  ///< By a translator.
  bool retired_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool writing_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool half_closing_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool half_closed_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool aborted_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool write_failed_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool read_ended_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool released_ LOWBAND_GUARDED_BY(mutex_) = false;
};

}  // namespace lowband::edge::fallback
