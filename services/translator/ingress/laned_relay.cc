#include "services/translator/ingress/laned_relay.h"

#include <algorithm>
#include <utility>

#include "libs/grpc/contract.h"

namespace lowband::translator::ingress {
namespace {

v1::RelayTranslatorFrame& Add(v1::RelayTranslatorBatch& batch, uint64_t id) {
  v1::RelayTranslatorFrame& frame = *batch.add_frames();
  frame.set_relay(id);
  return frame;
}

/// Small frames, about.
constexpr size_t kFrameBytes = 16;

}  // namespace

LanedRelay::LanedRelay(const v1::RelayRequest& request, uint64_t answer_window, size_t body_window)
    : body_window_(body_window), until_(answer_window) {
  if (request.has_content_length()) body_left_ = request.content_length();
  body_comes_ = request.has_body() && body_left_ != 0;
  if (body_comes_) body_until_ = body_window_;
}

void LanedRelay::TakeBody(std::string data) {
  if (end_ || data.empty()) return;
  if (data.size() > contract::kChunkBytesMax) return Refuse("a piece is too large");
  const bool too_long = body_left_ && data.size() > *body_left_;
  if (!body_comes_ || too_long) return Refuse("the body is longer than announced");
  body_come_ += data.size();
  if (body_come_ > body_until_) return Refuse("the body goes beyond the window");
  if (body_left_) {
    *body_left_ -= data.size();
    body_comes_ = *body_left_ > 0;
  }
  pending_.Append(std::move(data));
}

void LanedRelay::TakeBodyEnd() {
  if (end_ || !body_comes_) return;  // its length announced the end
  if (body_left_) return Refuse("the body is shorter than announced");
  body_comes_ = false;
  tells_body_end_ = true;
}

void LanedRelay::TakeCredit(uint64_t until) { until_ = std::max(until_, until); }

void LanedRelay::WantBody() {
  body_wanted_ = true;
  body_done_ = body_given_;
}

void LanedRelay::Proceed() {
  if (!end_ && !head_) tells_proceed_ = true;
}

void LanedRelay::Head(v1::RelayResponse head) {
  if (!end_) head_ = std::move(head);
}

void LanedRelay::Data(std::string data) {
  if (!end_) data_.Append(std::move(data));
}

void LanedRelay::End(bool whole) {
  if (end_) return;
  if (whole) return End(v1::RelayEnded::WHOLE);
  ForgetBody();
  End(v1::RelayEnded::BROKEN);
}

void LanedRelay::ForgetBody() {
  tells_proceed_ = false;
  data_.Clear();
}

void LanedRelay::ForgetAnswer() {
  head_.reset();
  ForgetBody();
}

// A complete answer may also have a rest that its client does not read.
void LanedRelay::Drop() {
  if (over_) return;
  ForgetAnswer();
  End(v1::RelayEnded::OVERLOAD);
}

void LanedRelay::Refuse(std::string why) {
  if (end_) return;
  ForgetAnswer();
  End(v1::RelayEnded::INVALID);
  why_ = std::move(why);
}

std::optional<std::string> LanedRelay::GiveBody() {
  if (end_ || !body_wanted_ || pending_.empty()) return std::nullopt;
  body_wanted_ = false;
  std::string piece = pending_.Take(contract::kChunkBytesMax);
  body_given_ += piece.size();
  return piece;
}

bool LanedRelay::GiveBodyEnd() {
  if (end_ || !tells_body_end_ || !pending_.empty()) return false;
  tells_body_end_ = false;
  return true;
}

bool LanedRelay::GiveTaken() { return std::exchange(taken_, false) && !end_; }

// Credit is given by half windows, so that not each piece needs a frame.
bool LanedRelay::OwesCredit() const {
  const bool covered = body_left_ && body_until_ >= body_come_ + *body_left_;
  if (end_ || !body_comes_ || covered) return false;
  return body_done_ + body_window_ >= body_until_ + body_window_ / 2;
}

size_t LanedRelay::Sendable() const {
  if (sent_ >= until_) return 0;
  return std::min<uint64_t>(data_.size(), until_ - sent_);
}

bool LanedRelay::HasOutput() const {
  if (over_) return false;
  const bool end = end_ && data_.empty();
  return !told_taken_ || OwesCredit() || tells_proceed_ || head_ || Sendable() > 0 || end;
}

size_t LanedRelay::Fill(uint64_t id, v1::RelayTranslatorBatch& batch) {
  size_t bytes = kFrameBytes;
  if (!std::exchange(told_taken_, true)) {
    Add(batch, id).mutable_taken()->set_window(body_until_);
  }
  if (OwesCredit()) {
    body_until_ = body_done_ + body_window_;
    Add(batch, id).mutable_credit()->set_until(body_until_);
  }
  if (std::exchange(tells_proceed_, false)) Add(batch, id).mutable_proceed();
  if (head_) {
    bytes += head_->ByteSizeLong();
    *Add(batch, id).mutable_response() = std::move(*head_);
    head_.reset();
    return bytes;
  }
  if (const size_t size = Sendable(); size > 0) {
    bytes += size;
    sent_ += size;
    Add(batch, id).set_data(data_.Take(size));
    taken_ = data_.empty();
  }
  if (end_ && data_.empty()) {
    v1::RelayEnded& ended = *Add(batch, id).mutable_ended();
    ended.set_outcome(*end_);
    ended.set_reason(std::move(why_));
    over_ = true;
  }
  return bytes;
}

}  // namespace lowband::translator::ingress
