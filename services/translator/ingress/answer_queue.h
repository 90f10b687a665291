// The answers of one lane that wait to be written, cut into chunks and taken in turn.
//
// An answer by a window stays until its last piece is written; between credits it waits aside, and
// nothing else waits for it.
//
// Threading: one at a time (the lane's lock). Ownership: the budget outlives the queue. Limits:
// limits.h and libs/grpc/contract.h. Spec: proto/lowband/v1/translator.proto.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "libs/base/budget.h"
#include "lowband/v1/translator.pb.h"
#include "services/translator/ingress/counters.h"
#include "services/translator/ingress/handler.h"
#include "services/translator/ingress/held_answers.h"

namespace lowband::translator::ingress {

class AnswerQueue {
 public:
  explicit AnswerQueue(Budget& budget) : budget_(budget) {}
  ~AnswerQueue() { Clear(); }
  AnswerQueue(const AnswerQueue&) = delete;
  AnswerQueue& operator=(const AnswerQueue&) = delete;

  /// False, and nothing queued, if the body does not fit into the budget.
  [[nodiscard]] bool Push(uint64_t exchange, ExchangeAnswer& answer);
  /// For the small answers made here, which must always fit.
  void PushUncharged(uint64_t exchange, ExchangeAnswer answer);
  /// By a window. `digest` is of the body; `place`: room for it among all that are held.
  void PushWindowed(uint64_t exchange, ExchangeAnswer answer, const AnswerTerms& terms,
                    std::string digest, HeldAnswers::Place place);
  /// The body may be written up to there. Of others than answers by a window, it means nothing.
  void GiveCredit(uint64_t exchange, uint64_t until);
  /// An answer by a window lost its place: the edge is told.
  void Drop(uint64_t exchange);
  /// No credit comes any more.
  void DropHeld();

  /// Goes out before the answer if it is queued before it.
  void PushObservable(uint64_t exchange);
  /// Forgets what is left of an exchange that nobody wants any more. False if no answer of it was
  /// here: then it is still to come.
  bool Remove(uint64_t exchange);
  void Clear();

  /// Nothing is to be written now.
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
    bool windowed = false;    ///< The turn of one in `windowed_`.
    bool dropped = false;     ///< The word that one is not there any more.
    bool begun = false;
    size_t written = 0;
  };
  struct Windowed {
    ExchangeAnswer answer;
    HeldAnswers::Place place;
    bool begun = false;
    bool queued = true;    ///< It has a turn in `answers_`.
    bool dropped = false;  ///< When its head is written.
    size_t written = 0;    ///< Offsets in the body.
    size_t until = 0;
  };
  /// True when that was the last frame of it.
  static bool NextFrame(Pending& pending, v1::TranslatorFrame& frame);
  void PushTurn(uint64_t exchange);
  /// The bytes written; the answer is gone with its last piece.
  size_t NextPiece(uint64_t exchange, v1::TranslatorBatch& batch);
  void Release(const Pending& pending, size_t bytes);

  Budget& budget_;
  std::deque<Pending> answers_;
  size_t bytes_ = 0;
  std::unordered_map<uint64_t, Windowed> windowed_;
};

/// An answer that the terms want by a window.
bool GoesByWindow(const ExchangeAnswer& answer, const AnswerTerms& terms);
/// Of a body: sixteen bytes of its SHA-256.
std::string DigestOf(ByteView body);

}  // namespace lowband::translator::ingress
