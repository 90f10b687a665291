// The reactor of one lane's gRPC stream. It only reports events through a mailbox.
//
// Threading: Open, Write, AwaitWritten, ReadNext, Finish, Abort and Release by the worker's thread,
// the On... by gRPC's. Ownership: the owner keeps the stream until its StreamEnded was drained, and
// calls Release when ReadEnded was. Spec: gRPC's callback API, grpcpp/support/client_callback.h.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <atomic>
#include <memory>
#include <variant>

#include "libs/base/mailbox.h"
#include "lowband/v1/translator.grpc.pb.h"
#include "services/edge/uplink/lane_transport.h"

namespace lowband::edge::uplink {

/// No more will be read: the owner calls Release().
struct ReadEnded {
  LaneId lane = 0;
};
/// gRPC has let go of the stream.
struct StreamEnded {
  LaneId lane = 0;
  grpc::Status status;
};
/// The stream was not begun: there are too many.
struct StreamRefused {
  LaneId lane = 0;
};
using StreamEvent =
    std::variant<LaneOpened, LaneWritten, LaneBatch, ReadEnded, StreamEnded, StreamRefused>;
using StreamMailbox = Mailbox<StreamEvent>;

class LaneStream final : public grpc::ClientBidiReactor<v1::EdgeBatch, v1::TranslatorBatch> {
 public:
  /// The mailbox is shared: gRPC's thread may still be inside Push when the owner has drained that
  /// event and ends.
  LaneStream(LaneId id, std::shared_ptr<v1::Translator::Stub> stub,
             std::shared_ptr<StreamMailbox> mailbox);

  void Open();
  void Write(v1::EdgeBatch batch);
  /// Lets LaneWritten wake the owner. Otherwise it does not, since an answer mostly comes next.
  void AwaitWritten();
  void ReadNext();
  void Finish();
  void Abort();
  /// After this only the destructor may be called.
  void Release();

 private:
  void OnReadInitialMetadataDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  const LaneId id_;
  const std::shared_ptr<v1::Translator::Stub> stub_;
  const std::shared_ptr<StreamMailbox> mailbox_;
  enum class WriteState : uint8_t { kIdle, kWriting, kAwaited };
  std::atomic<WriteState> write_state_{WriteState::kIdle};
  grpc::ClientContext context_;
  v1::EdgeBatch out_;
  v1::TranslatorBatch in_;
};

}  // namespace lowband::edge::uplink
