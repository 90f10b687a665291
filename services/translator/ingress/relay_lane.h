// One relay lane: the reactor of one Relays stream. It always reads, since each transfer has its
// own flow control, and writes its transfers' frames, one piece of each in turn, whenever the
// stream is ready.
//
//   serving ──edge half-closes, or we drain; nothing left──▶ finished (OK)
//      └─cancelled, or a write failed──▶ dead ──no read, no write under way──▶ finished
//
// Threading: the On... by gRPC; the sinks' and Drain by any. Ownership: owns itself from Begin() to
// OnDone(); its sinks hold it weakly, and the relays hold the sinks. Limits:
// contract::kRelaysPerLaneMax, and those of laned_relay.h for each. Spec: gRPC's callback API,
// grpcpp/support/server_callback.h; proto/lowband/v1/translator.proto.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/base/time.h"
#include "lowband/v1/translator.grpc.pb.h"
#include "services/translator/ingress/laned_relay.h"
#include "services/translator/ingress/relay.h"
#include "services/translator/ingress/shared.h"

namespace lowband::translator::ingress {

class RelayLane final
    : public grpc::ServerBidiReactor<v1::RelayEdgeBatch, v1::RelayTranslatorBatch>,
      public RelayHolder,
      public std::enable_shared_from_this<RelayLane> {
 public:
  /// `gone` is called once, when the lane has ended. Handler and shared state outlive the stream.
  RelayLane(uint64_t id, RelayHandler& handler, std::shared_ptr<Shared> shared,
            std::function<void(uint64_t)> gone);

  /// Accepts the stream. The lane keeps itself alive until OnDone.
  void Begin();
  /// Tells the edge to start no new transfers here, and accepts none.
  void Drain();
  void DropRelay(uint64_t relay) override;

 private:
  class Sink;
  struct Transfer {
    RelayPlaces::Place place;
    LanedRelay state;
    std::shared_ptr<Relay> relay;  ///< None: the transfer was answered at once.
    std::shared_ptr<Sink> sink;
    bool queued = false;  ///< In speaking_.
  };
  /// Actions decided under the lock and done without it, since gRPC and the relays may react at
  /// once.
  struct Todo {
    bool write = false;
    bool read = false;
    bool finish = false;
    bool finish_ok = false;
    std::vector<std::shared_ptr<Relay>> taken;
  };

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void TakeBatch();
  void TakeFrame(v1::RelayEdgeFrame& frame);
  void TakeStart(uint64_t id, v1::RelayStart& start);
  /// The transfer's place; none: it was refused, and the edge gets the reason.
  std::optional<RelayPlaces::Place> Admit(uint64_t id, std::optional<Owner> network);
  RelayPlaces::Entered Enter(uint64_t id, std::optional<Owner> network);
  void Begin(uint64_t id, Transfer transfer);
  void TakeCancel(uint64_t id);
  void Cancel(Transfer& transfer) LOWBAND_REQUIRES(mutex_);
  /// Applies `say` to one transfer, and plans the consequences.
  template <class Say>
  void Change(uint64_t id, Say say) LOWBAND_REQUIRES(mutex_);
  /// As Change, for calls of its relay; the result is written as soon as possible.
  template <class Say>
  void OnEvent(uint64_t id, Say say);
  void NoteEnd(Transfer& transfer) LOWBAND_REQUIRES(mutex_);
  void Queue(uint64_t id, Transfer& transfer) LOWBAND_REQUIRES(mutex_);

  void Die() LOWBAND_REQUIRES(mutex_);
  /// Adds what the stream is ready for.
  void Plan(Todo& todo) LOWBAND_REQUIRES(mutex_);
  bool FillOut() LOWBAND_REQUIRES(mutex_);
  void Do(const Todo& todo);

  const uint64_t id_;
  RelayHandler& handler_;
  const std::shared_ptr<Shared> shared_;
  const std::function<void(uint64_t)> gone_;
  const TimePoint opened_at_;
  std::shared_ptr<RelayLane> self_;

  // Each belongs to gRPC while its operation is under way, else to the thread that starts the next.
  v1::RelayEdgeBatch in_;
  v1::RelayTranslatorBatch out_;

  Mutex mutex_;
  std::unordered_map<uint64_t, Transfer> transfers_ LOWBAND_GUARDED_BY(mutex_);
  /// Transfers with output, in turn. May hold ids of transfers that are over.
  std::deque<uint64_t> speaking_ LOWBAND_GUARDED_BY(mutex_);
  /// End frames of transfers that were refused.
  std::vector<v1::RelayTranslatorFrame> refusals_ LOWBAND_GUARDED_BY(mutex_);
  /// Transfers with data in out_.
  std::vector<uint64_t> writing_data_ LOWBAND_GUARDED_BY(mutex_);
  bool reading_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool writing_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool read_ended_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool dead_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool finished_ LOWBAND_GUARDED_BY(mutex_) = false;
  /// A batch is being processed; frames made meanwhile are written together.
  bool taking_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool draining_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool drain_told_ LOWBAND_GUARDED_BY(mutex_) = false;
};

}  // namespace lowband::translator::ingress
