// A request that came, until its message ID names no message any more.
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
  TimePoint since;          ///< Of its arrival; once answered, of the answer.
  Bytes answer = {};        ///< What a duplicate gets, in kPiggybacked and kUndelivered.
  unsigned duplicates = 0;  ///< That came when it was kPiggybacked.
  std::list<Entry>::iterator place = {};  ///< Once answered: among those kept (kept_answers.h).

  bool IsAnswered() const { return state >= State::kPiggybacked; }
};

}  // namespace lowband::edge::message
