// One relay lane: the gRPC stream of one Relays call, which many transfers share. What one has to
// say is written as soon as the stream is ready, together with what others have.
//
//   opening ──▶ serving ──retired, and nothing left──▶ half-closed ──▶ over
//      └── cancelled, or lost ──┴──▶ over: all that go on end as the stream's status says
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
  /// `unknown` is called, on gRPC's threads, if the translator knows no relay lanes; it must not
  /// call the lane.
  RelayLane(TimePoint now, StreamToken token, std::shared_ptr<v1::Translator::Stub> stub,
            std::shared_ptr<RelayLaneCounters> counters, std::function<void()> unknown);

  /// Once, before all else.
  void Begin();
  /// Null: it takes no further calls, and `request` is as it was. Else that is moved from.
  std::unique_ptr<RelayChannel::Call> Start(v1::RelayRequest& request, size_t window, Waker waker);
  bool TakesCalls();
  /// Takes no further calls, and ends when those it has have ended.
  void Retire();
  /// Ends at once.
  void Abort();
  TimePoint opened_at() const { return opened_at_; }
  /// The translator that has it, by a hash; 0 until one has.
  uint64_t replica() const { return replica_.load(std::memory_order_relaxed); }

 private:
  class Call;
  /// What was decided under the lock, to be done without it: gRPC may react at once.
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

  /// Changes `calls_`, and does what follows.
  template <class Change>
  void Do(Change change);
  bool usable() const LOWBAND_REQUIRES(mutex_) {
    return !read_ended_ && !half_closed_ && !aborted_ && !write_failed_;
  }
  bool TakesMore() const LOWBAND_REQUIRES(mutex_);
  Todo Plan() LOWBAND_REQUIRES(mutex_);
  void Carry(const Todo& todo);

  const StreamToken token_;  ///< First: it goes when all else has gone.
  const TimePoint opened_at_;
  const std::shared_ptr<v1::Translator::Stub> stub_;
  const std::shared_ptr<RelayLaneCounters> counters_;
  const std::function<void()> unknown_;
  std::shared_ptr<RelayLane> self_;
  grpc::ClientContext context_;
  std::atomic<uint64_t> replica_{0};

  // Each belongs to gRPC while its operation is under way, else to whoever starts the next.
  v1::RelayTranslatorBatch in_;
  v1::RelayEdgeBatch out_;

  Mutex mutex_;
  LaneCalls calls_ LOWBAND_GUARDED_BY(mutex_);
  bool opened_ LOWBAND_GUARDED_BY(mutex_) = false;  ///< A translator has it.
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
