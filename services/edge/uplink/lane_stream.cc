#include "services/edge/uplink/lane_stream.h"

#include <cstdlib>
#include <utility>

namespace lowband::edge::uplink {
namespace {

// The mailbox has room for all events of all streams; a refusal is a bug in their count.
void Tell(StreamMailbox& mailbox, StreamEvent event) {
  if (!mailbox.Push(std::move(event))) std::abort();
}

}  // namespace

LaneStream::LaneStream(LaneId id, std::shared_ptr<v1::Translator::Stub> stub,
                       std::shared_ptr<StreamMailbox> mailbox)
    : id_(id), stub_(std::move(stub)), mailbox_(std::move(mailbox)) {}

void LaneStream::Open() {
  stub_->async()->Exchange(&context_, this);
  // Without the hold gRPC could finish the stream just before the worker writes on it.
  AddHold();
  StartRead(&in_);
  StartCall();
}

void LaneStream::Write(v1::EdgeBatch batch) {
  out_ = std::move(batch);
  write_state_.store(WriteState::kWriting);
  StartWrite(&out_);
}

void LaneStream::AwaitWritten() {
  auto expected = WriteState::kWriting;
  if (write_state_.compare_exchange_strong(expected, WriteState::kAwaited)) return;
  // The write is done; gRPC's thread pushes LaneWritten quietly, or has done so.
  mailbox_->Hurry();
}

void LaneStream::ReadNext() { StartRead(&in_); }
void LaneStream::Finish() { StartWritesDone(); }
void LaneStream::Abort() { context_.TryCancel(); }
void LaneStream::Release() { RemoveHold(); }

void LaneStream::OnReadInitialMetadataDone(bool ok) {
  if (ok) Tell(*mailbox_, LaneOpened{id_, context_.peer()});
}

void LaneStream::OnReadDone(bool ok) {
  if (ok) {
    Tell(*mailbox_, LaneBatch{id_, std::move(in_)});
  } else {
    Tell(*mailbox_, ReadEnded{id_});
  }
}

void LaneStream::OnWriteDone(bool ok) {
  // A failed write means a failed stream; the read under way reports it.
  if (!ok) return;
  const bool awaited = write_state_.exchange(WriteState::kIdle) == WriteState::kAwaited;
  const bool told =
      awaited ? mailbox_->Push(LaneWritten{id_}) : mailbox_->PushQuietly(LaneWritten{id_});
  if (!told) std::abort();
}

void LaneStream::OnDone(const grpc::Status& status) {
  // The owner may destroy this stream as soon as it sees the event.
  const std::shared_ptr<StreamMailbox> mailbox = mailbox_;
  Tell(*mailbox, StreamEnded{id_, status});
}

}  // namespace lowband::edge::uplink
