// A received request, for as long as its message ID identifies it.
//
// Threading: values. Spec: RFC 7252 §4.5.
#pragma once

#include <cstdint>
#include <list>

#include "libs/base/bytes.h"
#include "libs/base/time.h"
#include "services/edge/message/event.h"

namespace lowband::edge::message {

struct ReceivedRequest {
  enum class State : uint8_t {
    kUnacknowledged,
    kAcknowledged,
    kAwaited,
    kPiggybacked,
    kSeparate,
    kUndelivered,
  };
  using Entry = std::list<ReceivedRequest>::iterator;

  RequestRef ref;
  State state = State::kUnacknowledged;
  TimePoint since;                        ///< Time of its arrival; once answered, of the answer.
  Bytes answer = {};                      ///< For duplicates, in kPiggybacked and kUndelivered.
  unsigned duplicates = 0;                ///< Received in kPiggybacked.
  std::list<Entry>::iterator place = {};  ///< Once answered: in kept_answers.h.

  bool IsAnswered() const { return state >= State::kPiggybacked; }
};

}  // namespace lowband::edge::message
