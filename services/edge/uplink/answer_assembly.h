// The assembly of one exchange's answer from its chunks, within the limits on one body and on all.
//
// Threading: one worker thread. Ownership: the budget outlives the assembly. Limits: its own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libs/base/budget.h"
#include "services/edge/request/exchange.h"

namespace lowband::edge::uplink {

class AnswerAssembly {
 public:
  enum class Progress : uint8_t {
    kMore,         ///< More chunks must come.
    kComplete,     ///< Take() returns it.
    kTooLarge,     ///< Over the maximum or the budget.
    kBadSequence,  ///< A chunk before the head, a second head, or not a response code.
  };

  /// `bytes_max` limits one body.
  AnswerAssembly(size_t bytes_max, Budget& budget) : bytes_max_(bytes_max), budget_(&budget) {}
  ~AnswerAssembly() { budget_->Return(answer_.body.size()); }
  AnswerAssembly(AnswerAssembly&& other) noexcept;
  AnswerAssembly& operator=(AnswerAssembly&&) = delete;

  Progress AddHead(const v1::Answer& head);
  /// The head of an answer by a window: nothing is assembled. `from`, `window`: as requested.
  Progress TakeWindowed(const v1::Answer& head, size_t from, size_t window,
                        request::Answer& answer);
  Progress AddChunk(const v1::BodyChunk& chunk);
  /// The complete answer, without its id. Afterwards the assembly is empty.
  request::Answer Take();
  /// Drops all chunks: the exchange starts again on another lane.
  void Reset();

 private:
  Progress Add(const std::string& data, bool more);

  size_t bytes_max_;
  Budget* budget_;
  request::Answer answer_;
  bool begun_ = false;
};

}  // namespace lowband::edge::uplink
