// Our own CONs that wait for their acknowledgement, and when each is sent again.
//
// Sent again after a timeout that follows the round trips of the session, doubled each time; given
// up after MAX_TRANSMIT_WAIT, 62 to 93 s, whatever the round trip (libs/coap/transmission.h).
//
// Threading: one thread. Ownership: owns the messages. Limits: those of Config; the caller
// gives up. Spec: RFC 7252 §4.2, §4.8.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "libs/base/bytes.h"
#include "libs/base/random.h"
#include "libs/base/time.h"
#include "libs/base/timer_queue.h"
#include "libs/coap/rtt_estimator.h"
#include "libs/coap/transmission.h"
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

  /// `confirmable` is being sent for the first time, over a path with these `round_trips`.
  SendId Add(TimePoint now, Confirmable confirmable, const coap::RttEstimator& round_trips);
  /// One that was taken out is being sent again, under the name it had.
  void AddAgain(TimePoint now, SendId id, Confirmable confirmable,
                const coap::RttEstimator& round_trips);
  /// It is being acknowledged: tells `round_trips` what that says of the path.
  void Measure(TimePoint now, SendId id, coap::RttEstimator& round_trips) const;
  const Confirmable* Find(SendId id) const;
  /// Its copies after the first.
  unsigned RepeatsOf(SendId id) const;
  /// Ends the wait.
  std::optional<Confirmable> Take(SendId id);

  /// One whose time has come: to be sent again, or, when `given_up`, to be taken out.
  struct Due {
    SendId id;
    bool given_up;
    unsigned repeats;  ///< This one included.
  };
  std::optional<Due> PopDue(TimePoint now);
  std::optional<TimePoint> NextDeadline() { return timers_.Next(); }
  size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    Confirmable confirmable;
    coap::Transmission transmission;
    bool again;  ///< A copy went out before the first that `transmission` knows of.
  };
  void Start(TimePoint now, SendId id, Confirmable confirmable,
             const coap::RttEstimator& round_trips, bool again);

  const coap::TransmissionParameters parameters_;
  Random& random_;
  uint64_t last_id_ = 0;
  std::unordered_map<uint64_t, Waiting> waiting_;
  TimerQueue<uint64_t> timers_;
};

}  // namespace lowband::edge::message
