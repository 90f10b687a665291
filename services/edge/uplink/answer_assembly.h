// One exchange's answer while its pieces come in, within the limits on one body and on all.
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
    kMore,         ///< Not complete yet.
    kComplete,     ///< Take() it.
    kTooLarge,     ///< Over the maximum or the budget.
    kBadSequence,  ///< A body before its head, a second head, or a code that is no response.
  };

  /// `bytes_max`: of one body.
  AnswerAssembly(size_t bytes_max, Budget& budget) : bytes_max_(bytes_max), budget_(&budget) {}
  ~AnswerAssembly() { budget_->Return(answer_.body.size()); }
  AnswerAssembly(AnswerAssembly&& other) noexcept;
  AnswerAssembly& operator=(AnswerAssembly&&) = delete;

  Progress AddHead(const v1::Answer& head);
  /// A head whose body comes by a window: nothing is assembled. `from`, `window`: as asked for.
  Progress TakeWindowed(const v1::Answer& head, size_t from, size_t window,
                        request::Answer& answer);
  Progress AddChunk(const v1::BodyChunk& chunk);
  /// The complete answer, without its id. The assembly is as new afterwards.
  request::Answer Take();
  /// Forgets what came: the exchange starts over on another lane.
  void Reset();

 private:
  Progress Add(const std::string& data, bool more);

  size_t bytes_max_;
  Budget* budget_;
  request::Answer answer_;
  bool begun_ = false;
};

}  // namespace lowband::edge::uplink
