#include "services/translator/ingress/relay_lane.h"

#include <chrono>
#include <utility>

#include "libs/grpc/contract.h"
#include "libs/http/text.h"
#include "services/translator/ingress/limits.h"

namespace lowband::translator::ingress {
namespace {

void Count(Counters::Count& counter, uint64_t by = 1) {
  counter.fetch_add(by, std::memory_order_relaxed);
}

}  // namespace

/// The lane as its relay sees it.
class RelayLane::Sink final : public RelaySink {
 public:
  Sink(std::weak_ptr<RelayLane> lane, uint64_t id) : lane_(std::move(lane)), id_(id) {}

  void BodyWanted() override {
    Tell([](LanedRelay& state) { state.WantBody(); });
  }
  void Proceed() override {
    Tell([](LanedRelay& state) { state.Proceed(); });
  }
  void Head(v1::RelayResponse head) override {
    Tell([&](LanedRelay& state) { state.Head(std::move(head)); });
  }
  void Data(std::string data) override {
    Tell([&](LanedRelay& state) { state.Data(std::move(data)); });
  }
  void End(bool whole) override {
    Tell([&](LanedRelay& state) { state.End(whole); });
  }

 private:
  template <class Say>
  void Tell(Say say) {
    if (const auto lane = lane_.lock()) lane->OnEvent(id_, say);
  }

  const std::weak_ptr<RelayLane> lane_;
  const uint64_t id_;
};

RelayLane::RelayLane(uint64_t id, RelayHandler& handler, std::shared_ptr<Shared> shared,
                     std::function<void(uint64_t)> gone)
    : id_(id),
      handler_(handler),
      shared_(std::move(shared)),
      gone_(std::move(gone)),
      opened_at_(std::chrono::steady_clock::now()) {}

void RelayLane::Begin() {
  self_ = shared_from_this();
  Count(shared_->counters.relay_lanes_opened);
  {
    const MutexLock lock(mutex_);
    reading_ = true;
  }
  StartSendInitialMetadata();
  StartRead(&in_);
}

void RelayLane::Drain() {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    draining_ = true;
    Plan(todo);
  }
  Do(todo);
}

void RelayLane::OnReadDone(bool ok) {
  if (ok) TakeBatch();
  Todo todo;
  {
    const MutexLock lock(mutex_);
    taking_ = false;
    reading_ = false;
    if (!ok) read_ended_ = true;
    // After the half-close no more of a body can come, an incomplete one must not count as
    // complete, and the edge expects no more answers.
    if (!ok && !transfers_.empty()) Die();
    Plan(todo);
  }
  Do(todo);
}

void RelayLane::OnWriteDone(bool ok) {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    writing_ = false;
    if (!ok) Die();
    for (const uint64_t id : std::exchange(writing_data_, {})) {
      const auto found = transfers_.find(id);
      if (found == transfers_.end() || !found->second.state.GiveTaken()) continue;
      todo.taken.push_back(found->second.relay);
    }
    Plan(todo);
  }
  Do(todo);
}

void RelayLane::OnCancel() {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    Die();
    Plan(todo);
  }
  Do(todo);
}

void RelayLane::OnDone() {
  gone_(id_);
  // This may be the last reference.
  const std::shared_ptr<RelayLane> self = std::move(self_);
}

void RelayLane::TakeBatch() {
  {
    const MutexLock lock(mutex_);
    taking_ = true;
  }
  for (v1::RelayEdgeFrame& frame : *in_.mutable_frames()) TakeFrame(frame);
  // A long wait may follow, without need for the last batch.
  in_ = {};
}

void RelayLane::TakeFrame(v1::RelayEdgeFrame& frame) {
  const uint64_t id = frame.relay();
  switch (frame.kind_case()) {
    case v1::RelayEdgeFrame::kStart: return TakeStart(id, *frame.mutable_start());
    case v1::RelayEdgeFrame::kCancel: return TakeCancel(id);
    case v1::RelayEdgeFrame::kData: {
      const MutexLock lock(mutex_);
      return Change(id,
                    [&](LanedRelay& state) { state.TakeBody(std::move(*frame.mutable_data())); });
    }
    case v1::RelayEdgeFrame::kEnd: {
      const MutexLock lock(mutex_);
      return Change(id, [](LanedRelay& state) { state.TakeBodyEnd(); });
    }
    case v1::RelayEdgeFrame::kCredit: {
      const MutexLock lock(mutex_);
      return Change(id, [&](LanedRelay& state) { state.TakeCredit(frame.credit().until()); });
    }
    case v1::RelayEdgeFrame::KIND_NOT_SET: break;
  }
}

void RelayLane::TakeStart(uint64_t id, v1::RelayStart& start) {
  const auto client = http::Elements(start.request().forwarded_for()).Next();
  auto place = Admit(id, NetworkOf(client.value_or("")));
  if (!place) return;
  LanedRelay state(start.request(), start.window(), contract::kRelayWindowBytes);
  if (auto own = handler_.AnswerAtOnce(start.request())) {
    state.Head(std::move(own->head));
    if (!own->body.empty()) state.Data(std::move(own->body));
    state.End(true);
    Count(shared_->counters.relays_whole);
    return Begin(id, {std::move(*place), std::move(state), nullptr, nullptr});
  }
  auto sink = std::make_shared<Sink>(weak_from_this(), id);
  auto relay = handler_.Make(std::move(*start.mutable_request()), sink);
  if (!relay) {
    state.Refuse(std::move(relay.error()));
    Count(shared_->counters.relays_invalid);
    return Begin(id, {std::move(*place), std::move(state), nullptr, nullptr});
  }
  Begin(id, {std::move(*place), std::move(state), std::move(*relay), std::move(sink)});
}

std::optional<RelayPlaces::Place> RelayLane::Admit(uint64_t id, std::optional<Owner> network) {
  RelayPlaces::Entered entered = Enter(id, network);
  if (entered.dropped) {
    const auto holder = entered.dropped->holder.lock();
    if (holder) holder->DropRelay(entered.dropped->relay);
  }
  return std::move(entered.place);
}

RelayPlaces::Entered RelayLane::Enter(uint64_t id, std::optional<Owner> network) {
  Counters& counters = shared_->counters;
  // The edge gave transfers that came during a sleep to another translator.
  const bool slept = shared_->awake.SleptSince(opened_at_, std::chrono::steady_clock::now());
  const MutexLock lock(mutex_);
  RelayPlaces::Entered entered;
  if (dead_) return entered;
  draining_ = draining_ || slept;
  auto refusal = v1::RelayEnded::OVERLOAD;
  if (transfers_.contains(id)) {
    Change(id, [](LanedRelay& state) { state.Refuse("a relay is started twice"); });
    return entered;
  }
  if (draining_) {
    Count(counters.relays_refused_draining);
    refusal = v1::RelayEnded::NOT_TAKEN;
  } else {
    if (transfers_.size() < contract::kRelaysPerLaneMax) {
      entered = shared_->relays.Enter(network, {weak_from_this(), id});
    }
    if (entered.place) {
      Count(counters.relays_started);
      return entered;
    }
    Count(counters.relays_refused_overload);
  }
  v1::RelayTranslatorFrame& frame = refusals_.emplace_back();
  frame.set_relay(id);
  frame.mutable_ended()->set_outcome(refusal);
  return entered;
}

void RelayLane::DropRelay(uint64_t relay) {
  OnEvent(relay, [](LanedRelay& state) { state.Drop(); });
}

void RelayLane::Begin(uint64_t id, Transfer transfer) {
  const MutexLock lock(mutex_);
  if (dead_) return;
  Transfer& here = transfers_.emplace(id, std::move(transfer)).first->second;
  if (here.relay) here.relay->Begin();
  Queue(id, here);
}

void RelayLane::TakeCancel(uint64_t id) {
  const MutexLock lock(mutex_);
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  Cancel(found->second);
  transfers_.erase(found);
}

void RelayLane::Cancel(Transfer& transfer) {
  if (transfer.state.ended()) return;
  Count(shared_->counters.relays_cancelled);
  if (transfer.relay) transfer.relay->Cancel();
}

template <class Say>
void RelayLane::Change(uint64_t id, Say say) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  Transfer& transfer = found->second;
  LanedRelay& state = transfer.state;
  const bool went_on = !state.ended();
  say(state);
  if (went_on && state.ended()) NoteEnd(transfer);
  if (transfer.relay) {
    if (auto piece = state.GiveBody()) transfer.relay->Body(std::move(*piece));
    if (state.GiveBodyEnd()) transfer.relay->BodyEnd();
  }
  Queue(id, transfer);
}

void RelayLane::NoteEnd(Transfer& transfer) {
  Counters& counters = shared_->counters;
  switch (*transfer.state.ended()) {
    case v1::RelayEnded::WHOLE: return Count(counters.relays_whole);
    case v1::RelayEnded::OVERLOAD:
      Count(counters.relays_made_room);
      if (transfer.relay) transfer.relay->Cancel();
      return;
    case v1::RelayEnded::INVALID:
      Count(counters.relays_invalid);
      if (transfer.relay) transfer.relay->Cancel();
      return;
    default: return Count(counters.relays_broken);
  }
}

template <class Say>
void RelayLane::OnEvent(uint64_t id, Say say) {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    Change(id, say);
    Plan(todo);
  }
  Do(todo);
}

void RelayLane::Queue(uint64_t id, Transfer& transfer) {
  if (transfer.queued || !transfer.state.HasOutput()) return;
  transfer.queued = true;
  speaking_.push_back(id);
}

void RelayLane::Die() {
  if (dead_) return;
  dead_ = true;
  Count(shared_->counters.relay_lanes_broken);
  for (auto& [id, transfer] : transfers_) Cancel(transfer);
  transfers_.clear();
  speaking_.clear();
  refusals_.clear();
}

bool RelayLane::FillOut() {
  if (refusals_.empty() && speaking_.empty() && drain_told_ == draining_) return false;
  out_ = {};
  for (auto& refusal : refusals_) *out_.add_frames() = std::move(refusal);
  refusals_.clear();
  size_t bytes = 0;
  while (!speaking_.empty() && !contract::IsBatchFull(bytes, out_.frames_size())) {
    const uint64_t id = speaking_.front();
    speaking_.pop_front();
    const auto found = transfers_.find(id);
    if (found == transfers_.end()) continue;
    Transfer& transfer = found->second;
    transfer.queued = false;
    bytes += transfer.state.Fill(id, out_);
    if (transfer.state.over()) {
      transfers_.erase(found);
      continue;
    }
    writing_data_.push_back(id);
    Queue(id, transfer);
  }
  out_.set_draining(draining_);
  drain_told_ = draining_;
  return true;
}

void RelayLane::Plan(Todo& todo) {
  if (finished_ || taking_) return;
  if (!dead_ && !writing_ && FillOut()) {
    writing_ = true;
    todo.write = true;
  }
  const bool congested = refusals_.size() >= contract::kRelaysPerLaneMax;
  if (!dead_ && !reading_ && !read_ended_ && !congested) {
    reading_ = true;
    todo.read = true;
  }
  const bool served = read_ended_ && transfers_.empty() && refusals_.empty();
  if ((dead_ || served) && !reading_ && !writing_) {
    finished_ = true;
    todo.finish = true;
    todo.finish_ok = !dead_;
  }
}

void RelayLane::Do(const Todo& todo) {
  if (todo.write) StartWrite(&out_);
  if (todo.read) StartRead(&in_);
  for (const auto& relay : todo.taken) relay->Taken();
  if (todo.finish) Finish(todo.finish_ok ? grpc::Status::OK : grpc::Status::CANCELLED);
}

}  // namespace lowband::translator::ingress
