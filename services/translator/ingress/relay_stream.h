// One relayed transfer: the reactor of one Relay call. Holds at most one piece of each body, and
// reads or writes the next only when the other side has taken it.
//
//   request ──▶ relaying ──answer written──▶ finished (OK, or UNAVAILABLE when it broke off)
//      │           └─────cancelled, or a write failed──▶ dead ──no write under way──▶ finished
//      └── not what the contract says ──▶ finished (INVALID_ARGUMENT); from relaying too
//
// Threading: the On... by gRPC; the sink's by any. Ownership: owns itself from Begin() to OnDone();
// the relay holds it weakly. Limits: libs/grpc/contract.h. Spec: gRPC's callback API,
// grpcpp/support/server_callback.h; proto/lowband/v1/translator.proto.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <optional>
#include <string>

#include "libs/base/mutex.h"
#include "lowband/v1/translator.grpc.pb.h"
#include "services/translator/ingress/relay.h"
#include "services/translator/ingress/shared.h"

namespace lowband::translator::ingress {

class RelayStream final : public grpc::ServerBidiReactor<v1::RelayChunk, v1::RelayChunk>,
                          public RelaySink,
                          public std::enable_shared_from_this<RelayStream> {
 public:
  /// The handler outlives the call.
  RelayStream(RelayHandler& handler, std::shared_ptr<Shared> shared, RelayPlaces::Place place);

  /// Accepts the call. The stream keeps itself alive until OnDone.
  void Begin();

  void BodyWanted() override;
  void Proceed() override;
  void Head(v1::RelayResponse head) override;
  void Data(std::string data) override;
  void End(bool whole) override;

 private:
  /// Actions decided under the lock and done without it, since gRPC and the relay may react at
  /// once.
  struct Todo {
    bool read = false;
    bool write = false;
    bool last_write = false;
    std::optional<grpc::Status> finish;
    std::shared_ptr<Relay> taken;
  };
  enum class BodyState : uint8_t {
    kComing,
    kEnded,  ///< Or there is no body.
  };

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void TakeRequest() LOWBAND_REQUIRES(mutex_);
  void TakePiece() LOWBAND_REQUIRES(mutex_);
  void TakeBodyEnd() LOWBAND_REQUIRES(mutex_);
  void TakeReadEnd() LOWBAND_REQUIRES(mutex_);
  void GiveBody() LOWBAND_REQUIRES(mutex_);
  void Refuse(const std::string& why) LOWBAND_REQUIRES(mutex_);
  void Die() LOWBAND_REQUIRES(mutex_);
  void DropBody() LOWBAND_REQUIRES(mutex_);
  void DropOutput() LOWBAND_REQUIRES(mutex_);
  /// Adds the operations that the call is ready for.
  void Plan(Todo& todo) LOWBAND_REQUIRES(mutex_);
  bool FillOut() LOWBAND_REQUIRES(mutex_);
  void Do(Todo todo);

  RelayHandler& handler_;
  const std::shared_ptr<Shared> shared_;
  const RelayPlaces::Place place_;
  std::shared_ptr<RelayStream> self_;

  // Each belongs to gRPC while its operation is under way, else to the thread that starts the next.
  v1::RelayChunk in_;
  v1::RelayChunk out_;

  Mutex mutex_;
  std::shared_ptr<Relay> relay_ LOWBAND_GUARDED_BY(mutex_);
  bool reading_ LOWBAND_GUARDED_BY(mutex_) = false;
  /// StartRead calls that have not returned. Finish waits for them, since after it the stream may
  /// be deleted.
  int reads_starting_ LOWBAND_GUARDED_BY(mutex_) = 0;
  bool read_ended_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool writing_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool writing_data_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool dead_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool finished_ LOWBAND_GUARDED_BY(mutex_) = false;

  // The request's body.
  BodyState body_ LOWBAND_GUARDED_BY(mutex_) = BodyState::kEnded;
  std::optional<uint64_t> body_left_ LOWBAND_GUARDED_BY(mutex_);  ///< None: known at its end.
  bool body_wanted_ LOWBAND_GUARDED_BY(mutex_) = false;
  std::optional<std::string> piece_
      LOWBAND_GUARDED_BY(mutex_);  ///< Received, but not wanted by the relay yet.

  // The part of the answer that is not being written yet.
  bool proceed_ LOWBAND_GUARDED_BY(mutex_) = false;
  std::optional<v1::RelayResponse> head_ LOWBAND_GUARDED_BY(mutex_);
  std::optional<std::string> data_ LOWBAND_GUARDED_BY(mutex_);
  std::optional<grpc::Status> end_ LOWBAND_GUARDED_BY(mutex_);
};

}  // namespace lowband::translator::ingress
