#include "tests/integration/relay_call.h"

#include <cstdlib>
#include <utility>

#include "libs/grpc/contract.h"
#include "tests/support/upstream_fixture.h"

namespace lowband::translator::testing {
namespace {

class SingleWire final : public RelayWire {
 public:
  explicit SingleWire(v1::Translator::Stub& stub) {
    context_.set_deadline(std::chrono::system_clock::now() + kLong);
    stream_ = stub.Relay(&context_);
  }
  bool Request(v1::RelayRequest request) override {
    v1::RelayChunk chunk;
    *chunk.mutable_request() = std::move(request);
    return stream_->Write(chunk);
  }
  bool Data(std::string_view bytes) override {
    v1::RelayChunk chunk;
    chunk.set_data(bytes.data(), bytes.size());
    return stream_->Write(chunk);
  }
  void End() override {
    v1::RelayChunk chunk;
    chunk.mutable_end();
    stream_->Write(chunk);
  }
  void HalfClose() override { stream_->WritesDone(); }
  void Cancel() override { context_.TryCancel(); }
  std::optional<v1::RelayChunk> Next() override {
    v1::RelayChunk chunk;
    if (!stream_->Read(&chunk)) return std::nullopt;
    return chunk;
  }
  grpc::Status Status() override { return stream_->Finish(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::RelayChunk, v1::RelayChunk>> stream_;
};

/// In the words that a call of its own has for it.
grpc::Status StatusOf(const v1::RelayEnded& ended) {
  using grpc::StatusCode;
  switch (ended.outcome()) {
    case v1::RelayEnded::WHOLE: return grpc::Status::OK;
    case v1::RelayEnded::NOT_TAKEN: return {StatusCode::FAILED_PRECONDITION, "draining"};
    case v1::RelayEnded::OVERLOAD: return {StatusCode::RESOURCE_EXHAUSTED, "too many relays"};
    case v1::RelayEnded::INVALID: return {StatusCode::INVALID_ARGUMENT, ended.reason()};
    default: return {StatusCode::UNAVAILABLE, "the homeserver's answer broke off"};
  }
}

}  // namespace

bool RelaysGoOnLanes() {
  const char* how = std::getenv("LOWBAND_TEST_RELAYS");
  return how != nullptr && std::string_view(how) == "lanes";
}

std::unique_ptr<RelayWire> MakeSingleWire(v1::Translator::Stub& stub) {
  return std::make_unique<SingleWire>(stub);
}

class LaneClient::Wire final : public RelayWire {
 public:
  Wire(LaneClient& lane, uint64_t id) : lane_(lane), id_(id) {}

  bool Request(v1::RelayRequest request) override {
    v1::RelayEdgeFrame frame = Frame();
    frame.mutable_start()->set_window(contract::kRelayWindowBytes);
    *frame.mutable_start()->mutable_request() = std::move(request);
    return lane_.Write(frame);
  }
  bool Data(std::string_view bytes) override {
    sent_ += bytes.size();
    if (!lane_.AwaitCredit(id_, sent_)) return false;
    v1::RelayEdgeFrame frame = Frame();
    frame.set_data(bytes.data(), bytes.size());
    return lane_.Write(frame);
  }
  void End() override {
    v1::RelayEdgeFrame frame = Frame();
    frame.mutable_end();
    lane_.Write(frame);
  }
  void HalfClose() override {}
  void Cancel() override {
    v1::RelayEdgeFrame frame = Frame();
    frame.mutable_cancel();
    lane_.Write(frame);
    status_ = grpc::Status::CANCELLED;
  }
  std::optional<v1::RelayChunk> Next() override {
    while (!status_) {
      auto frame = lane_.Next(id_);
      if (!frame) {
        status_ = {grpc::StatusCode::UNAVAILABLE, "the lane is over"};
        break;
      }
      v1::RelayChunk chunk;
      switch (frame->kind_case()) {
        case v1::RelayTranslatorFrame::kProceed: chunk.mutable_proceed(); return chunk;
        case v1::RelayTranslatorFrame::kResponse:
          *chunk.mutable_response() = std::move(*frame->mutable_response());
          return chunk;
        case v1::RelayTranslatorFrame::kData:
          chunk.set_data(std::move(*frame->mutable_data()));
          GiveCredit(chunk.data().size());
          return chunk;
        case v1::RelayTranslatorFrame::kEnded: status_ = StatusOf(frame->ended()); break;
        default: break;
      }
    }
    return std::nullopt;
  }
  grpc::Status Status() override { return *status_; }

 private:
  v1::RelayEdgeFrame Frame() const {
    v1::RelayEdgeFrame frame;
    frame.set_relay(id_);
    return frame;
  }
  void GiveCredit(size_t taken) {
    taken_ += taken;
    v1::RelayEdgeFrame frame = Frame();
    frame.mutable_credit()->set_until(taken_ + contract::kRelayWindowBytes);
    lane_.Write(frame);
  }

  LaneClient& lane_;
  const uint64_t id_;
  uint64_t sent_ = 0;
  uint64_t taken_ = 0;
  std::optional<grpc::Status> status_;
};

LaneClient::LaneClient(v1::Translator::Stub& stub) : stream_(stub.Relays(&context_)) {
  reader_ = std::thread([this] { Read(); });
}

LaneClient::~LaneClient() {
  HalfClose();
  reader_.join();
  (void)stream_->Finish();
}

std::unique_ptr<RelayWire> LaneClient::Open() {
  const std::scoped_lock lock(mutex_);
  inboxes_[++last_id_];
  return std::make_unique<Wire>(*this, last_id_);
}

void LaneClient::HalfClose() {
  const std::scoped_lock lock(write_mutex_);
  if (!std::exchange(half_closed_, true)) stream_->WritesDone();
}

bool LaneClient::draining() {
  const std::scoped_lock lock(mutex_);
  return draining_;
}

bool LaneClient::Write(const v1::RelayEdgeFrame& frame) {
  v1::RelayEdgeBatch batch;
  *batch.add_frames() = frame;
  const std::scoped_lock lock(write_mutex_);
  return stream_->Write(batch);
}

std::optional<v1::RelayTranslatorFrame> LaneClient::Next(uint64_t id) {
  std::unique_lock lock(mutex_);
  Inbox& inbox = inboxes_.at(id);
  news_.wait_for(lock, kLong, [&] { return over_ || !inbox.frames.empty(); });
  if (inbox.frames.empty()) return std::nullopt;
  auto frame = std::move(inbox.frames.front());
  inbox.frames.pop_front();
  return frame;
}

bool LaneClient::AwaitCredit(uint64_t id, uint64_t until) {
  std::unique_lock lock(mutex_);
  Inbox& inbox = inboxes_.at(id);
  news_.wait_for(lock, kLong, [&] { return over_ || inbox.over || inbox.until >= until; });
  return !over_ && !inbox.over;
}

void LaneClient::Read() {
  v1::RelayTranslatorBatch batch;
  while (stream_->Read(&batch)) {
    const std::scoped_lock lock(mutex_);
    draining_ = draining_ || batch.draining();
    for (v1::RelayTranslatorFrame& frame : *batch.mutable_frames()) {
      Inbox& inbox = inboxes_.at(frame.relay());
      // Where none of a body may come, a test that sends some means to.
      const uint64_t window = frame.taken().window();
      if (frame.has_taken()) inbox.until = window > 0 ? window : ~uint64_t{0};
      if (frame.has_credit()) inbox.until = frame.credit().until();
      if (frame.has_ended()) inbox.over = true;
      inbox.frames.push_back(std::move(frame));
    }
    news_.notify_all();
  }
  const std::scoped_lock lock(mutex_);
  over_ = true;
  news_.notify_all();
}

}  // namespace lowband::translator::testing
