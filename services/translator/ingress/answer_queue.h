// The answers of one lane that wait to be written, cut into chunks and taken in turn.
//
// An answer by a window stays until its last piece is written; between credits it waits aside and
// delays no other answer.
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
  /// For the small answers made by the lane itself, which must always fit.
  void PushUncharged(uint64_t exchange, ExchangeAnswer answer);
  /// By a window. `digest` is of the body; `place` is its room among all held answers.
  void PushWindowed(uint64_t exchange, ExchangeAnswer answer, const AnswerTerms& terms,
                    std::string digest, HeldAnswers::Place place);
  /// The body may be written up to `until`. No effect on answers that are not by a window.
  void GiveCredit(uint64_t exchange, uint64_t until);
  /// An answer by a window lost its place: notifies the edge.
  void Drop(uint64_t exchange);
  /// No credit comes any more.
  void DropHeld();

  /// Is written before the answer if it is queued before it.
  void PushObservable(uint64_t exchange);
  /// Drops the rest of a cancelled exchange. False if it had no answer here: then the answer is
  /// still to come.
  bool Remove(uint64_t exchange);
  void Clear();

  /// Nothing can be written now.
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
    bool observable = false;  ///< Only the frame "observable", no answer.
    bool windowed = false;    ///< The turn of an answer in `windowed_`.
    bool dropped = false;     ///< The frame that tells the edge that an answer was dropped.
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
  /// True if that was the answer's last frame.
  static bool NextFrame(Pending& pending, v1::TranslatorFrame& frame);
  void PushTurn(uint64_t exchange);
  /// Returns the bytes written; removes the answer with its last piece.
  size_t NextPiece(uint64_t exchange, v1::TranslatorBatch& batch);
  void Release(const Pending& pending, size_t bytes);

  Budget& budget_;
  std::deque<Pending> answers_;
  size_t bytes_ = 0;
  std::unordered_map<uint64_t, Windowed> windowed_;
};

/// Whether the terms require this answer by a window.
bool GoesByWindow(const ExchangeAnswer& answer, const AnswerTerms& terms);
/// Digest of a body: sixteen bytes of its SHA-256.
std::string DigestOf(ByteView body);

}  // namespace lowband::translator::ingress
