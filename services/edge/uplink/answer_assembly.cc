#include "services/edge/uplink/answer_assembly.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "libs/coap/limits.h"
#include "services/edge/uplink/limits.h"

namespace lowband::edge::uplink {

AnswerAssembly::AnswerAssembly(AnswerAssembly&& other) noexcept
    : bytes_max_(other.bytes_max_),
      budget_(other.budget_),
      answer_(std::exchange(other.answer_, {})),
      begun_(std::exchange(other.begun_, false)) {}

namespace {

constexpr unsigned kSuccess = 2;

/// Leaves out a path that is too long for a message.
void AddLocation(const v1::Answer& head, request::Answer& answer) {
  const auto& path = head.location_path();
  const bool fits = path.size() <= static_cast<int>(coap::kLocationSegmentsMax) &&
                    std::ranges::all_of(path, [](const std::string& segment) {
                      return segment.size() <= coap::kPathSegmentBytesMax;
                    });
  if (fits) answer.location_path.assign(path.begin(), path.end());
}

/// Reads all fields except the body. False if it is not the head of a response.
bool ReadHead(const v1::Answer& head, request::Answer& answer) {
  if (head.code() > UINT8_MAX) return false;
  answer.code = coap::Code{static_cast<uint8_t>(head.code())};
  if (!answer.code.is_response()) return false;
  if (head.has_http_status()) answer.http_status = head.http_status();
  if (head.has_content_format()) answer.content_format = head.content_format();
  if (head.has_max_age()) answer.max_age = head.max_age();
  answer.token_refused = head.token_refused();
  answer.token_missing = head.token_missing();
  answer.token_taken =
      answer.code.cls() == kSuccess && (!head.has_token_taken() || head.token_taken());
  answer.long_poll = head.long_poll();
  if (head.has_poll()) answer.poll = head.poll();
  if (head.entity_tag().size() <= coap::kEntityTagBytesMax) {
    const ByteView tag = AsBytes(head.entity_tag());
    answer.entity_tag.assign(tag.begin(), tag.end());
  }
  AddLocation(head, answer);
  return true;
}

}  // namespace

AnswerAssembly::Progress AnswerAssembly::AddHead(const v1::Answer& head) {
  if (begun_ || head.has_windowed()) return Progress::kBadSequence;
  begun_ = true;
  if (!ReadHead(head, answer_)) return Progress::kBadSequence;
  return Add(head.body(), head.more());
}

AnswerAssembly::Progress AnswerAssembly::TakeWindowed(const v1::Answer& head, size_t from,
                                                      size_t window, request::Answer& answer) {
  const v1::Windowed& told = head.windowed();
  if (begun_ || !ReadHead(head, answer) || answer.poll) return Progress::kBadSequence;
  if (told.bytes() > bytes_max_) return Progress::kTooLarge;
  const size_t size = told.bytes();
  const size_t begin = std::min(from, size);
  const size_t piece = head.body().size();
  const bool fits = piece <= std::min(window, size - begin) &&
                    piece >= std::min(kFirstPieceMin, size - begin) &&
                    head.more() == (piece < size - begin);
  if (window == 0 || told.from() != begin || !fits || answer.code.cls() != kSuccess) {
    return Progress::kBadSequence;
  }
  const ByteView body = AsBytes(head.body());
  answer.body.assign(body.begin(), body.end());
  answer.window = std::make_unique<request::AnswerWindow>();
  answer.window->bytes = size;
  answer.window->from = begin;
  answer.window->digest = told.digest();
  answer.window->ended = !head.more();
  return head.more() ? Progress::kMore : Progress::kComplete;
}

AnswerAssembly::Progress AnswerAssembly::AddChunk(const v1::BodyChunk& chunk) {
  if (!begun_) return Progress::kBadSequence;
  return Add(chunk.data(), chunk.more());
}

AnswerAssembly::Progress AnswerAssembly::Add(const std::string& data, bool more) {
  if (data.size() > bytes_max_ - answer_.body.size() || !budget_->Take(data.size())) {
    return Progress::kTooLarge;
  }
  Append(answer_.body, AsBytes(data));
  return more ? Progress::kMore : Progress::kComplete;
}

request::Answer AnswerAssembly::Take() {
  budget_->Return(answer_.body.size());
  begun_ = false;
  return std::exchange(answer_, {});
}

void AnswerAssembly::Reset() { (void)Take(); }

}  // namespace lowband::edge::uplink
