// The answers of one lane that wait to be written, cut into chunks and taken in turn.
//
// Threading: one at a time (the lane's lock). Ownership: the budget outlives the queue. Limits:
// limits.h and libs/grpc/contract.h. Spec: proto/lowband/v1/translator.proto.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "lowband/v1/translator.pb.h"
#include "services/translator/ingress/counters.h"
#include "services/translator/ingress/handler.h"

namespace lowband::translator::ingress {

class AnswerQueue {
 public:
  explicit AnswerQueue(SharedBudget& budget) : budget_(budget) {}
  ~AnswerQueue() { Clear(); }
  AnswerQueue(const AnswerQueue&) = delete;
  AnswerQueue& operator=(const AnswerQueue&) = delete;

  /// False, and nothing queued, if the body does not fit into the budget.
  [[nodiscard]] bool Push(uint64_t exchange, ExchangeAnswer& answer);
  /// For the small answers made here, which must always fit.
  void PushUncharged(uint64_t exchange, ExchangeAnswer answer);
  /// Goes out before the answer if it is queued before it.
  void PushObservable(uint64_t exchange);
  /// Forgets what is left of an exchange that nobody wants any more. False if no answer of it was
  /// here: then it is still to come.
  bool Remove(uint64_t exchange);
  void Clear();

  bool empty() const { return answers_.empty(); }
  size_t size() const { return answers_.size(); }
  size_t bytes() const { return bytes_; }

  /// Adds frames to `batch` until it is full or nothing is left: one of each answer in turn.
  void Fill(v1::TranslatorBatch& batch);

 private:
  struct Pending {
    uint64_t exchange = 0;
    ExchangeAnswer answer;
    bool charged = true;
    bool observable = false;  ///< That frame, and no answer.
    bool begun = false;
    size_t written = 0;
  };
  /// True when that was the last frame of it.
  static bool NextFrame(Pending& pending, v1::TranslatorFrame& frame);
  void Release(const Pending& pending, size_t bytes);

  SharedBudget& budget_;
  std::deque<Pending> answers_;
  size_t bytes_ = 0;
};

}  // namespace lowband::translator::ingress
