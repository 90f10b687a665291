#include "services/translator/ingress/answer_queue.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
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

void AnswerQueue::PushWindowed(uint64_t exchange, ExchangeAnswer answer, const AnswerTerms& terms,
                               std::string digest, HeldAnswers::Place place) {
  v1::Windowed& told = *answer.head.mutable_windowed();
  const size_t from = std::min(terms.from, answer.body.size());
  told.set_bytes(answer.body.size());
  told.set_from(from);
  told.set_digest(std::move(digest));
  Windowed windowed{.answer = std::move(answer), .place = std::move(place)};
  windowed.written = from;
  windowed.until = from + terms.window;
  windowed_.emplace(exchange, std::move(windowed));
  PushTurn(exchange);
}

void AnswerQueue::PushTurn(uint64_t exchange) {
  Pending& pending = answers_.emplace_back();
  pending.exchange = exchange;
  pending.charged = false;
  pending.windowed = true;
}

void AnswerQueue::GiveCredit(uint64_t exchange, uint64_t until) {
  const auto it = windowed_.find(exchange);
  if (it == windowed_.end()) return;
  Windowed& windowed = it->second;
  windowed.until = std::max<size_t>(windowed.until, until);
  if (windowed.queued || windowed.written >= windowed.until) return;
  windowed.queued = true;
  PushTurn(exchange);
}

void AnswerQueue::Drop(uint64_t exchange) {
  const auto it = windowed_.find(exchange);
  if (it == windowed_.end()) return;
  if (!it->second.begun) {  // after its head, without which the edge could not assign the frame
    it->second.dropped = true;
    return;
  }
  windowed_.erase(it);
  std::erase_if(answers_, [&](const Pending& pending) { return pending.exchange == exchange; });
  Pending& pending = answers_.emplace_back();
  pending.exchange = exchange;
  pending.charged = false;
  pending.dropped = true;
}

bool AnswerQueue::Remove(uint64_t exchange) {
  bool answered = windowed_.erase(exchange) > 0;
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
  windowed_.clear();
}

void AnswerQueue::Release(const Pending& pending, size_t bytes) {
  if (!pending.charged) return;
  bytes_ -= bytes;
  budget_.Return(bytes);
}

void AnswerQueue::Fill(v1::TranslatorBatch& batch) {
  size_t batch_bytes = 0;
  while (!answers_.empty() && !contract::IsBatchFull(batch_bytes, batch.frames_size())) {
    Pending pending = std::move(answers_.front());
    answers_.pop_front();
    if (pending.windowed) {
      batch_bytes += NextPiece(pending.exchange, batch);
      continue;
    }
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
  if (pending.dropped) {
    frame.mutable_dropped();
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

size_t AnswerQueue::NextPiece(uint64_t exchange, v1::TranslatorBatch& batch) {
  Windowed& windowed = windowed_.at(exchange);
  const ByteView body = windowed.answer.body;
  const size_t until = std::min(windowed.until, body.size());
  const size_t size = std::min(until - windowed.written, contract::kChunkBytesMax);
  std::string piece(AsText(body.subspan(windowed.written, size)));
  windowed.written += size;
  const bool more = windowed.written < body.size();
  v1::TranslatorFrame& frame = *batch.add_frames();
  frame.set_exchange(exchange);
  if (!windowed.begun) {
    windowed.begun = true;
    v1::Answer& head = *frame.mutable_answer();
    head = std::move(windowed.answer.head);
    head.set_body(std::move(piece));
    head.set_more(more);
  } else {
    v1::BodyChunk& chunk = *frame.mutable_body();
    chunk.set_data(std::move(piece));
    chunk.set_more(more);
  }
  windowed.queued = windowed.written < until;
  if (!more) {
    windowed_.erase(exchange);
  } else if (windowed.dropped) {
    Drop(exchange);
  } else if (windowed.queued) {
    PushTurn(exchange);
  }
  return size;
}

void AnswerQueue::DropHeld() {
  windowed_.clear();
  std::erase_if(answers_, [](const Pending& pending) { return pending.windowed; });
}

bool GoesByWindow(const ExchangeAnswer& answer, const AnswerTerms& terms) {
  constexpr uint32_t kSuccess = 2;
  return terms.window > 0 && answer.body.size() > terms.window && !answer.head.has_poll() &&
         answer.head.code() >> 5 == kSuccess;
}

std::string DigestOf(ByteView body) {
  constexpr size_t kBytes = 16;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> sha{};
  SHA256(body.data(), body.size(), sha.data());
  return {reinterpret_cast<const char*>(sha.data()), kBytes};
}

}  // namespace lowband::translator::ingress
