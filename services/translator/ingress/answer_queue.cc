#include "services/translator/ingress/answer_queue.h"

#include <algorithm>
#include <string>
#include <utility>

#include "libs/grpc/contract.h"

namespace lowband::translator::ingress {

bool AnswerQueue::Push(uint64_t exchange, ExchangeAnswer& answer) {
  const size_t size = answer.body.size();
  if (!budget_.Take(size)) return false;
  bytes_ += size;
  answers_.push_back({exchange, std::move(answer)});
  return true;
}

void AnswerQueue::PushUncharged(uint64_t exchange, ExchangeAnswer answer) {
  answers_.push_back({exchange, std::move(answer), false});
}

void AnswerQueue::PushObservable(uint64_t exchange) {
  Pending& pending = answers_.emplace_back();
  pending.exchange = exchange;
  pending.charged = false;
  pending.observable = true;
}

bool AnswerQueue::Remove(uint64_t exchange) {
  bool answered = false;
  std::erase_if(answers_, [&](const Pending& pending) {
    if (pending.exchange != exchange) return false;
    Release(pending, pending.answer.body.size() - pending.written);
    answered = answered || !pending.observable;
    return true;
  });
  return answered;
}

void AnswerQueue::Clear() {
  budget_.Return(bytes_);
  bytes_ = 0;
  answers_.clear();
}

void AnswerQueue::Release(const Pending& pending, size_t bytes) {
  if (!pending.charged) return;
  bytes_ -= bytes;
  budget_.Return(bytes);
}

void AnswerQueue::Fill(v1::TranslatorBatch& batch) {
  size_t batch_bytes = 0;
  while (!answers_.empty() && batch_bytes < contract::kBatchBytesMax &&
         batch.frames_size() < static_cast<int>(contract::kBatchFramesMax)) {
    Pending pending = std::move(answers_.front());
    answers_.pop_front();
    const size_t before = pending.written;
    const bool last = NextFrame(pending, *batch.add_frames());
    batch_bytes += pending.written - before;
    Release(pending, pending.written - before);
    if (!last) answers_.push_back(std::move(pending));
  }
}

bool AnswerQueue::NextFrame(Pending& pending, v1::TranslatorFrame& frame) {
  frame.set_exchange(pending.exchange);
  if (pending.observable) {
    frame.mutable_observable();
    return true;
  }
  const Bytes& body = pending.answer.body;
  const size_t size = std::min(body.size() - pending.written, contract::kChunkBytesMax);
  std::string piece(AsText(ByteView(body).subspan(pending.written, size)));
  pending.written += size;
  const bool last = pending.written == body.size();
  if (!pending.begun) {
    pending.begun = true;
    v1::Answer& head = *frame.mutable_answer();
    head = std::move(pending.answer.head);
    head.set_body(std::move(piece));
    head.set_more(!last);
  } else {
    v1::BodyChunk& chunk = *frame.mutable_body();
    chunk.set_data(std::move(piece));
    chunk.set_more(!last);
  }
  return last;
}

}  // namespace lowband::translator::ingress
