// Our own CONs that wait for their acknowledgement, and when each is sent again.
//
// Sent at 0, T, 3T, 7T, 15T and given up at 31T, with T drawn from ACK_TIMEOUT to ACK_TIMEOUT *
// ACK_RANDOM_FACTOR: at most 93 s, MAX_TRANSMIT_WAIT.
//
// Threading: one thread. Ownership: owns the messages. Limits: kConfirmablesMax; the caller
// refuses. Spec: RFC 7252 §4.2, §4.8.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "libs/base/bytes.h"
#include "libs/base/random.h"
#include "libs/base/time.h"
#include "libs/base/timer_queue.h"
#include "services/edge/message/config.h"
#include "services/edge/message/event.h"

namespace lowband::edge::message {

struct Confirmable {
  SessionId session;
  uint64_t request = 0;  ///< The serial of what it answers; 0: nothing.
  uint16_t message_id = 0;
  Bytes message;
};

class Retransmission {
 public:
  /// `random` outlives this.
  Retransmission(const Config& config, Random& random);

  /// `confirmable` is being sent for the first time.
  SendId Add(TimePoint now, Confirmable confirmable);
  /// One that was taken out is being sent again, under the name it had.
  void AddAgain(TimePoint now, SendId id, Confirmable confirmable);
  const Confirmable* Find(SendId id) const;
  /// Ends the wait.
  std::optional<Confirmable> Take(SendId id);

  /// One whose time has come: to be sent again, or, when `given_up`, to be taken out.
  struct Due {
    SendId id;
    bool given_up;
  };
  std::optional<Due> PopDue(TimePoint now);
  std::optional<TimePoint> NextDeadline() { return timers_.Next(); }
  size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    Confirmable confirmable;
    Duration timeout;
    unsigned retransmitted = 0;
  };

  Duration ack_timeout_;
  double ack_random_factor_;
  unsigned max_retransmit_;
  Random& random_;
  uint64_t last_id_ = 0;
  std::unordered_map<uint64_t, Waiting> waiting_;
  TimerQueue<uint64_t> timers_;
};

}  // namespace lowband::edge::message
