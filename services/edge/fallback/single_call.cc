#include "services/edge/fallback/single_call.h"

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <cstdlib>
#include <utility>

namespace lowband::edge::fallback {
namespace {

/// No more reads follow.
struct ReadEnded {};
using StreamEvent = std::variant<CallOpened, CallWritten, CallReceived, ReadEnded, CallEnded>;
using StreamMailbox = WakingMailbox<StreamEvent>;
// One of each kind at a time.
constexpr size_t kMailboxItemsMax = 8;

/// Owns itself from Begin() to OnDone(), since the connection does not wait for gRPC.
class Stream final : public grpc::ClientBidiReactor<v1::RelayChunk, v1::RelayChunk>,
                     public std::enable_shared_from_this<Stream> {
 public:
  Stream(StreamToken token, std::shared_ptr<v1::Translator::Stub> stub,
         std::shared_ptr<StreamMailbox> mailbox)
      : token_(std::move(token)), stub_(std::move(stub)), mailbox_(std::move(mailbox)) {}

  void Begin() {
    self_ = shared_from_this();
    // Waits while a translator restarts; the connection limits the time.
    context_.set_wait_for_ready(true);
    stub_->async()->Relay(&context_, this);
    // Without the hold gRPC could finish the stream just before the connection writes on it.
    AddHold();
    StartRead(&in_);
    StartCall();
  }
  void Write(v1::RelayChunk chunk) {
    out_ = std::move(chunk);
    StartWrite(&out_);
  }
  void EndWrites(bool had_body) {
    if (!had_body) return StartWritesDone();
    out_.Clear();
    out_.mutable_end();
    StartWriteLast(&out_, grpc::WriteOptions());
  }
  void ReadNext() {
    in_.Clear();
    StartRead(&in_);
  }
  void Abort() { context_.TryCancel(); }
  /// After this only Abort may be called.
  void Release() { RemoveHold(); }

 private:
  void OnReadInitialMetadataDone(bool ok) override {
    if (ok) Tell(CallOpened{});
  }
  void OnReadDone(bool ok) override {
    if (!ok) return Tell(ReadEnded{});
    Tell(CallReceived{std::make_unique<v1::RelayChunk>(std::move(in_))});
  }
  void OnWriteDone(bool ok) override {
    // A failed write means a failed stream; the pending read reports it.
    if (!ok) return;
    // A long wait for the answer may follow: free the written piece.
    out_ = {};
    Tell(CallWritten{});
  }
  void OnDone(const grpc::Status& status) override {
    Tell(CallEnded{EndOf(status)});
    const std::shared_ptr<Stream> self = std::move(self_);
  }

  // The mailbox has room for all events that a stream can have; a full one is a bug.
  void Tell(StreamEvent event) {
    if (!mailbox_->Push(std::move(event))) std::abort();
  }

  const StreamToken token_;  ///< The first member, so destroyed last.
  const std::shared_ptr<v1::Translator::Stub> stub_;
  const std::shared_ptr<StreamMailbox> mailbox_;
  std::shared_ptr<Stream> self_;
  grpc::ClientContext context_;
  v1::RelayChunk out_;
  v1::RelayChunk in_;
};

class SingleCall final : public RelayChannel::Call {
 public:
  SingleCall(StreamToken token, std::shared_ptr<v1::Translator::Stub> stub, Waker waker,
             v1::RelayRequest request)
      : mailbox_(std::make_shared<StreamMailbox>(kMailboxItemsMax, std::move(waker))),
        stream_(std::make_shared<Stream>(std::move(token), std::move(stub), mailbox_)) {
    stream_->Begin();
    v1::RelayChunk chunk;
    *chunk.mutable_request() = std::move(request);
    stream_->Write(std::move(chunk));
  }
  ~SingleCall() override {
    mailbox_->Close();
    if (ended_) return;
    stream_->Abort();
    if (!released_) stream_->Release();
  }
  SingleCall(const SingleCall&) = delete;
  SingleCall& operator=(const SingleCall&) = delete;

  // Writes after the end of the stream have no effect: its status will come.
  void Write(std::string piece) override {
    v1::RelayChunk chunk;
    chunk.set_data(std::move(piece));
    if (!released_) stream_->Write(std::move(chunk));
  }
  void EndWrites(bool had_body) override {
    if (!released_) stream_->EndWrites(had_body);
  }
  void ReadNext(size_t) override {
    if (!released_) stream_->ReadNext();
  }

  void Drain(std::vector<CallEvent>& events) override {
    events.clear();
    mailbox_->Drain(inbox_);
    for (StreamEvent& event : inbox_) {
      if (std::holds_alternative<ReadEnded>(event)) {
        released_ = true;
        stream_->Release();
      } else if (auto* received = std::get_if<CallReceived>(&event)) {
        events.emplace_back(std::move(*received));
      } else if (const auto* ended = std::get_if<CallEnded>(&event)) {
        ended_ = true;
        events.emplace_back(*ended);
      } else if (std::holds_alternative<CallOpened>(event)) {
        events.emplace_back(CallOpened{});
      } else {
        events.emplace_back(CallWritten{});
      }
    }
    inbox_.clear();
  }

 private:
  const std::shared_ptr<StreamMailbox> mailbox_;
  const std::shared_ptr<Stream> stream_;
  std::vector<StreamEvent> inbox_;
  bool released_ = false;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<RelayChannel::Call> MakeSingleCall(StreamToken token,
                                                   std::shared_ptr<v1::Translator::Stub> stub,
                                                   Waker waker, v1::RelayRequest request) {
  return std::make_unique<SingleCall>(std::move(token), std::move(stub), std::move(waker),
                                      std::move(request));
}

CallEnd EndOf(const grpc::Status& status) {
  if (status.ok()) return CallEnd::kServed;
  switch (status.error_code()) {
    // As the contract defines it; UNAVAILABLE also comes when a translator dies during a transfer.
    case grpc::StatusCode::FAILED_PRECONDITION: return CallEnd::kNotTaken;
    case grpc::StatusCode::RESOURCE_EXHAUSTED: return CallEnd::kOverload;
    default: return CallEnd::kBroken;
  }
}

}  // namespace lowband::edge::fallback
