#include "services/edge/uplink/answer_assembly.h"

#include <algorithm>
#include <utility>

#include "libs/coap/limits.h"

namespace lowband::edge::uplink {

AnswerAssembly::AnswerAssembly(AnswerAssembly&& other) noexcept
    : bytes_max_(other.bytes_max_),
      budget_(other.budget_),
      answer_(std::exchange(other.answer_, {})),
      begun_(std::exchange(other.begun_, false)) {}

AnswerAssembly::Progress AnswerAssembly::AddHead(const v1::Answer& head) {
  if (begun_ || head.code() > UINT8_MAX) return Progress::kBadSequence;
  begun_ = true;
  answer_.code = coap::Code{static_cast<uint8_t>(head.code())};
  if (!answer_.code.is_response()) return Progress::kBadSequence;
  if (head.has_http_status()) answer_.http_status = head.http_status();
  if (head.has_content_format()) answer_.content_format = head.content_format();
  if (head.has_max_age()) answer_.max_age = head.max_age();
  answer_.token_refused = head.token_refused();
  answer_.token_missing = head.token_missing();
  answer_.long_poll = head.long_poll();
  if (head.has_poll()) answer_.poll = head.poll();
  if (head.entity_tag().size() <= coap::kEntityTagBytesMax) {
    const ByteView tag = AsBytes(head.entity_tag());
    answer_.entity_tag.assign(tag.begin(), tag.end());
  }
  AddLocation(head);
  return Add(head.body(), head.more());
}

// One that is more than a message holds is left out.
void AnswerAssembly::AddLocation(const v1::Answer& head) {
  const auto& path = head.location_path();
  const bool fits = path.size() <= static_cast<int>(coap::kLocationSegmentsMax) &&
                    std::ranges::all_of(path, [](const std::string& segment) {
                      return segment.size() <= coap::kPathSegmentBytesMax;
                    });
  if (fits) answer_.location_path.assign(path.begin(), path.end());
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
