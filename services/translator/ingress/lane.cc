#include "services/translator/ingress/lane.h"

#include <chrono>
#include <utility>

#include "services/translator/ingress/limits.h"

namespace lowband::translator::ingress {
namespace {

void Count(Counters::Count& counter, uint64_t by = 1) {
  counter.fetch_add(by, std::memory_order_relaxed);
}

/// RFC 7252 §12.1.2: class 5.
bool IsFailure(const ExchangeAnswer& answer) { return answer.head.code() >> 5 == 5; }

}  // namespace

Lane::Lane(uint64_t id, Handler& handler, std::shared_ptr<Shared> shared,
           grpc::CallbackServerContext& context, std::function<void(uint64_t)> gone)
    : id_(id),
      handler_(handler),
      shared_(std::move(shared)),
      context_(context),
      opened_at_(std::chrono::steady_clock::now()),
      gone_(std::move(gone)),
      assembly_(shared_->config.request_bytes_max, shared_->requests_bytes),
      queue_(shared_->answers_bytes) {}

// After all work under the lock: another thread may release the last reference.
Lane::~Lane() {
  const MutexLock lock(mutex_);
  shared_->exchanges.Return(active_.size());
}

void Lane::Begin() {
  self_ = shared_from_this();
  Count(shared_->counters.lanes_opened);
  {
    const MutexLock lock(mutex_);
    reading_ = true;
  }
  // At once, since for the edge it means that the lane is open.
  StartSendInitialMetadata();
  StartRead(&in_);
}

void Lane::Drain() {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    draining_ = true;
    Plan(todo);
  }
  Do(todo);
}

bool Lane::Slept(TimePoint now) { return shared_->awake.SleptSince(opened_at_, now); }

bool Lane::EndIfSlept(TimePoint now) {
  if (!Slept(now)) return false;
  Todo todo;
  {
    const MutexLock lock(mutex_);
    if (dead_ || finished_) return true;
    Count(shared_->counters.lanes_slept);
    Die(todo);
    Plan(todo);
  }
  // Ends a read that is under way.
  context_.TryCancel();
  Do(todo);
  return true;
}

void Lane::Observable(uint64_t exchange) {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    if (!active_.contains(exchange)) return;
    queue_.PushObservable(exchange);
    Plan(todo);
  }
  Do(todo);
}

// Digest and place are made without the lock: a large body takes a while, and other lanes may have
// to make room. If the exchange is cancelled meanwhile, the place goes with the answer.
bool Lane::AnswerByWindow(uint64_t exchange, ExchangeAnswer& answer) {
  Asked asked;
  {
    const MutexLock lock(mutex_);
    const auto it = active_.find(exchange);
    if (it == active_.end()) return false;
    asked = it->second;
  }
  HeldAnswers& held = shared_->held;
  if (!GoesByWindow(answer, asked.terms) || !held.Fits(answer.body.size())) return false;
  std::string digest = DigestOf(answer.body);
  auto [place, dropped] = held.Admit(asked.owner, answer.body.size(), weak_from_this(), exchange);
  Count(shared_->counters.held_dropped, dropped.size());
  for (const HeldAnswers::Dropped& other : dropped) {
    if (const auto holder = other.holder.lock()) holder->DropAnswer(other.exchange);
  }
  if (!place) {
    Count(shared_->counters.held_refused);
    answer = Replacement(answer);
    return false;
  }
  Todo todo;
  {
    const MutexLock lock(mutex_);
    if (active_.erase(exchange) == 0) return false;
    queue_.PushWindowed(exchange, std::move(answer), asked.terms, std::move(digest),
                        std::move(*place));
    Plan(todo);
  }
  shared_->exchanges.Return(1);
  Count(shared_->counters.answers);
  Count(shared_->counters.answers_windowed);
  Do(todo);
  return true;
}

void Lane::DropAnswer(uint64_t exchange) {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    queue_.Drop(exchange);
    Plan(todo);
  }
  Do(todo);
}

void Lane::Answer(uint64_t exchange, ExchangeAnswer answer) {
  // The sleep itself may be the cause of the failure, as of a connect timeout: the edge gives the
  // exchange to another translator if it may be repeated.
  if (IsFailure(answer) && EndIfSlept(std::chrono::steady_clock::now())) return;
  if (AnswerByWindow(exchange, answer)) return;
  Todo todo;
  bool queued = false;
  {
    const MutexLock lock(mutex_);
    if (active_.erase(exchange) == 0) {
      Count(shared_->counters.answers_unwanted);
      return;
    }
    queued = queue_.Push(exchange, answer);
    Plan(todo);
  }
  shared_->exchanges.Return(1);
  Count(shared_->counters.answers);
  if (!queued) {
    Count(shared_->counters.answers_over_limit);
    Replace(exchange, answer);
    const MutexLock lock(mutex_);
    Plan(todo);
  }
  Do(todo);
}

bool Lane::Congested() const {
  const Config& config = shared_->config;
  return active_.size() >= config.exchanges_per_lane_max ||
         queue_.size() >= config.exchanges_per_lane_max ||
         queue_.bytes() >= config.answers_per_lane_bytes_max;
}

void Lane::Plan(Todo& todo) {
  if (finished_ || taking_) return;
  const bool output = !queue_.empty() || (draining_ && !drain_told_);
  if (!dead_ && !writing_ && output) {
    writing_ = true;
    todo.write = true;
    out_.Clear();
    queue_.Fill(out_);
    out_.set_draining(draining_);
    drain_told_ = draining_;
    Count(shared_->counters.batches_written);
    Count(shared_->counters.frames_written, static_cast<uint64_t>(out_.frames_size()));
  }
  if (!dead_ && !reading_ && !read_ended_ && !Congested()) {
    reading_ = true;
    todo.read = true;
  }
  const bool served = read_ended_ && active_.empty() && queue_.empty();
  if ((dead_ || served) && !reading_ && !writing_) {
    finished_ = true;
    todo.finish = true;
    todo.finish_ok = !dead_;
  }
}

void Lane::Do(const Todo& todo) {
  for (const uint64_t exchange : todo.cancels) handler_.Cancel({id_, exchange});
  if (todo.write) StartWrite(&out_);
  if (todo.read) StartRead(&in_);
  if (todo.finish) Finish(todo.finish_ok ? grpc::Status::OK : grpc::Status::CANCELLED);
}

void Lane::OnReadDone(bool ok) {
  Todo todo;
  const bool slept = ok && Slept(std::chrono::steady_clock::now());
  if (ok && !slept) TakeBatch();
  {
    const MutexLock lock(mutex_);
    taking_ = false;
    reading_ = false;
    if (!ok) {
      read_ended_ = true;
      assembly_.Clear();
      queue_.DropHeld();
    } else if (slept) {
      if (!dead_) Count(shared_->counters.lanes_slept);
      Die(todo);
    } else if (Congested()) {
      Count(shared_->counters.reads_paused);
    }
    Plan(todo);
  }
  Do(todo);
}

void Lane::OnWriteDone(bool ok) {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    writing_ = false;
    if (!ok) Die(todo);
    Plan(todo);
  }
  Do(todo);
}

void Lane::OnCancel() {
  Todo todo;
  {
    const MutexLock lock(mutex_);
    Die(todo);
    Plan(todo);
  }
  Do(todo);
}

void Lane::Die(Todo& todo) {
  if (dead_) return;
  dead_ = true;
  Count(shared_->counters.lanes_broken);
  Count(shared_->counters.cancels, active_.size());
  for (const auto& [exchange, asked] : active_) todo.cancels.push_back(exchange);
  shared_->exchanges.Return(active_.size());
  active_.clear();
  assembly_.Clear();
  queue_.Clear();
}

void Lane::OnDone() {
  {
    // Handlers that still hold the lane must not keep its answers.
    const MutexLock lock(mutex_);
    queue_.Clear();
  }
  gone_(id_);
  // This may be the last reference.
  const std::shared_ptr<Lane> self = std::move(self_);
}

void Lane::TakeBatch() {
  {
    const MutexLock lock(mutex_);
    taking_ = true;
  }
  Count(shared_->counters.batches_received);
  Count(shared_->counters.frames_received, static_cast<uint64_t>(in_.frames_size()));
  for (v1::EdgeFrame& frame : *in_.mutable_frames()) {
    switch (frame.kind_case()) {
      case v1::EdgeFrame::kRequest:
        TakeRequest(frame.exchange(), std::move(*frame.mutable_request()));
        break;
      case v1::EdgeFrame::kBody: {
        auto progress = RequestAssembly::Progress::kUnknown;
        {
          const MutexLock lock(mutex_);
          progress = assembly_.Add(frame.exchange(), frame.body());
        }
        TakePiece(frame.exchange(), progress);
        break;
      }
      case v1::EdgeFrame::kCancel: TakeCancel(frame.exchange()); break;
      case v1::EdgeFrame::kCredit: TakeCredit(frame.exchange(), frame.credit().until()); break;
      case v1::EdgeFrame::KIND_NOT_SET: break;
    }
  }
}

void Lane::TakeRequest(uint64_t exchange, v1::Request request) {
  if (!request.more() && request.body().size() <= shared_->config.request_bytes_max) {
    StartExchange(exchange, std::move(request));
    return;
  }
  auto progress = RequestAssembly::Progress::kUnknown;
  {
    const MutexLock lock(mutex_);
    if (!dead_) progress = assembly_.Add(exchange, std::move(request));
  }
  TakePiece(exchange, progress);
}

void Lane::TakePiece(uint64_t exchange, RequestAssembly::Progress progress) {
  using Progress = RequestAssembly::Progress;
  if (progress == Progress::kMore || progress == Progress::kUnknown) return;
  v1::Request request;
  {
    const MutexLock lock(mutex_);
    request = assembly_.Take(exchange);
  }
  if (progress == Progress::kWhole) {
    StartExchange(exchange, std::move(request));
  } else {
    Refuse(exchange, request,
           progress == Progress::kTooLarge ? Refused::kBodyTooLarge : Refused::kOverload);
  }
}

void Lane::StartExchange(uint64_t exchange, v1::Request request) {
  if (!shared_->exchanges.Take(1)) {
    Refuse(exchange, request, Refused::kOverload);
    return;
  }
  const std::string& owner = request.token().empty() ? request.client_address() : request.token();
  const Asked asked{{request.answer_window(), request.answer_from()},
                    std::hash<std::string>()(owner)};
  bool begun = false;
  {
    const MutexLock lock(mutex_);
    begun = !dead_ && active_.emplace(exchange, asked).second;
  }
  if (!begun) {
    shared_->exchanges.Return(1);
    return;
  }
  Count(shared_->counters.requests);
  handler_.Start({id_, exchange}, std::move(request), Respond(weak_from_this(), exchange));
  {
    const MutexLock lock(mutex_);
    if (!dead_) return;
  }
  // The lane died before the handler got the exchange, so the handler may have ignored the cancel.
  handler_.Cancel({id_, exchange});
}

void Lane::Refuse(uint64_t exchange, const v1::Request& request, Refused reason) {
  Count(reason == Refused::kOverload ? shared_->counters.refused_overload
                                     : shared_->counters.refused_body_size);
  ExchangeAnswer answer = handler_.Refuse(request, reason);
  const MutexLock lock(mutex_);
  if (!dead_) queue_.PushUncharged(exchange, std::move(answer));
}

void Lane::Replace(uint64_t exchange, const ExchangeAnswer& answer) {
  ExchangeAnswer refusal = Replacement(answer);
  const MutexLock lock(mutex_);
  if (!dead_) queue_.PushUncharged(exchange, std::move(refusal));
}

ExchangeAnswer Lane::Replacement(const ExchangeAnswer& answer) {
  Count(shared_->counters.refused_overload);
  // Only the form of the answer remains of the request. Clients of either key table can read string
  // keys.
  v1::Request asked;
  if (answer.head.has_content_format()) asked.set_accept(answer.head.content_format());
  ExchangeAnswer refusal = handler_.Refuse(asked, Refused::kOverload);
  // The edge expects an answer with a poll, and must not treat news as received that it never got.
  if (answer.head.has_poll()) refusal.head.mutable_poll()->set_outcome(v1::Poll::FAILED);
  return refusal;
}

void Lane::TakeCredit(uint64_t exchange, uint64_t until) {
  const MutexLock lock(mutex_);
  queue_.GiveCredit(exchange, until);
}

void Lane::TakeCancel(uint64_t exchange) {
  {
    const MutexLock lock(mutex_);
    if (assembly_.Remove(exchange) || queue_.Remove(exchange)) return;
    if (active_.erase(exchange) == 0) return;
  }
  shared_->exchanges.Return(1);
  Count(shared_->counters.cancels);
  handler_.Cancel({id_, exchange});
}

}  // namespace lowband::translator::ingress
