#include "services/edge/uplink/exchange_state.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "services/edge/request/limits.h"
#include "services/edge/request/method.h"
#include "services/edge/uplink/limits.h"

namespace lowband::edge::uplink {
namespace {

// With If-Match, the second execution would fail. A further poll of an observation, with any
// method, only asks again for what its client has not received.
bool IsRepeatable(const v1::Request& asked) {
  const bool continues = !asked.observe().cursor().empty();
  return asked.if_match().empty() && (continues || request::IsIdempotent(asked.method()));
}

uint32_t RemainingMs(TimePoint now, TimePoint deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
  // 0 would mean "no time left"; the uplink itself answers a passed deadline.
  return static_cast<uint32_t>(std::clamp<int64_t>(left, 1, UINT32_MAX));
}

}  // namespace

ExchangeState::ExchangeState(TimePoint now, request::StartExchange start, const Config& config,
                             Random& random, Budget& answers)
    : id_(start.id),
      request_id_(MakeRequestId(random)),
      started_(now),
      deadline_(start.deadline),
      method_(start.request.method()),
      client_(PseudonymOf(config.salt, start.request.client_address())),
      form_(request::FormFor(start.request)),
      repeatable_(IsRepeatable(start.request)),
      head_(std::move(start.request)),
      body_(std::move(*head_.mutable_body())),
      answer_(config.answer_bytes_max, answers) {
  head_.clear_body();
  head_.set_request_id(std::string(AsText(request_id_.bytes)));
  head_bytes_ = head_.ByteSizeLong();
  body_bytes_ = body_.size();
}

bool ExchangeState::IsLongPoll(TimePoint now) const {
  if (head_.has_observe() && !head_.observe().cursor().empty()) return true;
  return method_ == v1::GET && now - started_ >= request::kPollAge;
}

void ExchangeState::Assign(uint64_t lane) {
  lane_ = lane;
  begun_ = false;
  body_written_ = 0;
  answer_.Reset();
}

ExchangeRecord ExchangeState::Record(TimePoint now) const {
  return {.id = request_id_,
          .method = method_,
          .client = client_,
          .took = now - started_,
          .request_bytes = request_bytes(),
          .resent = resent_,
          .code = std::nullopt,
          .failure = std::nullopt};
}

size_t ExchangeState::NextFrameBytes() const {
  return (begun_ ? 0 : head_bytes_) + std::min(body_bytes_ - body_written_, kChunkBytesMax);
}

bool ExchangeState::NextFrame(TimePoint now, v1::EdgeFrame& frame) {
  frame.set_exchange(id_);
  const bool first = !begun_;
  std::string piece = NextPiece();
  const bool more = body_written_ < body_bytes_;
  if (first) {
    v1::Request& out = *frame.mutable_request();
    FillHead(now, out);
    out.set_body(std::move(piece));
    out.set_more(more);
  } else {
    v1::BodyChunk& out = *frame.mutable_body();
    out.set_data(std::move(piece));
    out.set_more(more);
  }
  return more;
}

void ExchangeState::FillHead(TimePoint now, v1::Request& out) {
  begun_ = true;
  if (repeatable_) {
    out = head_;
  } else {
    out = std::move(head_);
  }
  out.set_deadline_ms(RemainingMs(now, deadline_));
}

std::string ExchangeState::NextPiece() {
  const size_t size = std::min(body_bytes_ - body_written_, kChunkBytesMax);
  const bool whole = body_written_ == 0 && size == body_bytes_;
  std::string piece = whole && !repeatable_ ? std::move(body_) : body_.substr(body_written_, size);
  body_written_ += size;
  // A body that cannot be sent again need not be kept.
  if (body_written_ == body_bytes_ && !repeatable_) body_ = std::string();
  return piece;
}

AnswerAssembly::Progress ExchangeState::TakeWindowed(const v1::Answer& head,
                                                     request::Answer& answer) {
  const size_t window = head_.answer_window();
  const auto progress = answer_.TakeWindowed(head, head_.answer_from(), window, answer);
  if (answer.window == nullptr) return progress;
  windowed_ = true;
  size_ = answer.window->bytes;
  came_ = answer.window->from + answer.body.size();
  until_ = answer.window->from + window;
  answer.window->request = head_;
  return progress;
}

bool ExchangeState::TakePiece(const v1::BodyChunk& piece) {
  if (piece.data().size() > std::min(until_, size_) - came_) return false;
  came_ += piece.data().size();
  return piece.more() == (came_ < size_);
}

bool ExchangeState::GiveCredit(uint64_t until) {
  if (!windowed_ || until <= until_) return false;
  until_ = until;
  return !std::exchange(credit_due_, true);
}

void ExchangeState::WriteCredit(v1::EdgeFrame& frame) {
  credit_due_ = false;
  frame.set_exchange(id_);
  frame.mutable_credit()->set_until(until_);
}

}  // namespace lowband::edge::uplink
