#include "services/edge/fallback/relay_lane.h"

#include <string>
#include <utility>

#include "services/edge/fallback/limits.h"

namespace lowband::edge::fallback {

/// One transfer on a lane.
class RelayLane::Call final : public RelayChannel::Call {
 public:
  Call(std::shared_ptr<RelayLane> lane, LaneCalls::Id id, size_t window)
      : lane_(std::move(lane)), id_(id), given_(window) {}
  ~Call() override {
    lane_->Do([this](LaneCalls& calls) { calls.Leave(id_); });
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  void Write(std::string piece) override {
    lane_->Do([&](LaneCalls& calls) { calls.Write(id_, std::move(piece)); });
  }
  void EndWrites(bool had_body) override {
    if (had_body) lane_->Do([this](LaneCalls& calls) { calls.EndBody(id_); });
  }
  // Credit is given for half a window at a time: small answers need none, large ones few frames.
  void ReadNext(size_t window) override {
    const uint64_t until = come_ + window;
    if (until < given_ + window / 2) return;
    given_ = until;
    lane_->Do([&](LaneCalls& calls) { calls.GiveCredit(id_, until); });
  }
  void Distrust() override {
    RelayLaneCounters::Add(lane_->counters_->distrusted);
    lane_->Retire();
  }
  void Drain(std::vector<CallEvent>& events) override {
    {
      const MutexLock lock(lane_->mutex_);
      lane_->calls_.Drain(id_, events);
    }
    for (const CallEvent& event : events) {
      const auto* received = std::get_if<CallReceived>(&event);
      if (received != nullptr) come_ += received->chunk->data().size();
    }
  }

 private:
  const std::shared_ptr<RelayLane> lane_;
  const LaneCalls::Id id_;
  uint64_t come_ = 0;   ///< Bytes of the answer's body that this connection has got.
  uint64_t given_ = 0;  ///< Credit.
};

RelayLane::RelayLane(TimePoint now, StreamToken token, std::shared_ptr<v1::Translator::Stub> stub,
                     std::shared_ptr<RelayLaneCounters> counters, std::function<void()> unknown)
    : token_(std::move(token)),
      opened_at_(now),
      stub_(std::move(stub)),
      counters_(std::move(counters)),
      unknown_(std::move(unknown)) {}

void RelayLane::Begin() {
  self_ = shared_from_this();
  RelayLaneCounters::Add(counters_->opened);
  // Waits while a translator restarts; the connections limit the time.
  context_.set_wait_for_ready(true);
  stub_->async()->Relays(&context_, this);
  // Without the hold gRPC could finish the stream just before another thread writes on it.
  AddHold();
  StartRead(&in_);
  StartCall();
}

bool RelayLane::TakesMore() const { return usable() && !retired_ && calls_.size() < kCallsPerLane; }

bool RelayLane::TakesCalls() {
  const MutexLock lock(mutex_);
  return TakesMore();
}

std::unique_ptr<RelayChannel::Call> RelayLane::Start(v1::RelayRequest& request, size_t window,
                                                     Waker waker) {
  Todo todo;
  LaneCalls::Id id = 0;
  {
    const MutexLock lock(mutex_);
    if (!TakesMore()) return nullptr;
    id = calls_.Start(std::move(request), window, std::move(waker));
    todo = Plan();
  }
  Carry(todo);
  return std::make_unique<Call>(shared_from_this(), id, window);
}

void RelayLane::Retire() {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    retired_ = true;
    todo = Plan();
  }
  Carry(todo);
}

void RelayLane::Abort() {
  {
    const MutexLock lock(mutex_);
    aborted_ = true;
  }
  context_.TryCancel();
}

template <class Change>
void RelayLane::Do(Change change) {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    change(calls_);
    todo = Plan();
  }
  Carry(todo);
}

RelayLane::Todo RelayLane::Plan() {
  Todo todo;
  if (usable() && !writing_ && calls_.HasOutput()) {
    out_ = {};
    calls_.Fill(out_);
    todo.write = writing_ = out_.frames_size() > 0;
  }
  if (usable() && !writing_ && retired_ && calls_.idle()) {
    // A lane that is not open yet is aborted: it would only wait for a translator.
    todo.half_close = half_closed_ = half_closing_ = opened_;
    todo.abort = aborted_ = !opened_;
  }
  const bool idle = !writing_ && !half_closing_;
  if (read_ended_ && idle && !std::exchange(released_, true)) todo.release = true;
  return todo;
}

void RelayLane::Carry(const Todo& todo) {
  if (todo.write) StartWrite(&out_);
  if (todo.half_close) StartWritesDone();
  if (todo.abort) context_.TryCancel();
  // After this the lane lives only if the caller holds a reference.
  if (todo.release) RemoveHold();
}

void RelayLane::OnReadInitialMetadataDone(bool ok) {
  if (ok) replica_.store(std::hash<std::string>()(context_.peer()) | 1, std::memory_order_relaxed);
  const MutexLock lock(mutex_);
  opened_ = ok;
}

void RelayLane::OnReadDone(bool ok) {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    if (ok) {
      calls_.Take(in_);
      if (in_.draining()) retired_ = true;
    } else {
      read_ended_ = true;
    }
    // A long wait may follow: free the batch that was read.
    in_ = {};
    todo = Plan();
  }
  if (ok) StartRead(&in_);
  Carry(todo);
}

void RelayLane::OnWriteDone(bool ok) {
  // A failed write means a failed stream; the pending read reports it.
  Todo todo;
  {
    const MutexLock lock(mutex_);
    writing_ = false;
    out_ = {};
    if (ok) calls_.OnWritten();
    write_failed_ = !ok;
    todo = Plan();
  }
  Carry(todo);
}

void RelayLane::OnWritesDoneDone(bool) {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    half_closing_ = false;
    todo = Plan();
  }
  Carry(todo);
}

void RelayLane::OnDone(const grpc::Status& status) {
  const bool unknown = status.error_code() == grpc::StatusCode::UNIMPLEMENTED;
  if (unknown) unknown_();
  {
    const MutexLock lock(mutex_);
    if (!status.ok() && !aborted_) RelayLaneCounters::Add(counters_->lost);
    calls_.End(unknown ? CallEnd::kNotTaken : EndOf(status));
  }
  // This may be the last reference.
  const std::shared_ptr<RelayLane> self = std::move(self_);
}

}  // namespace lowband::edge::fallback
