// The edge's CONs that wait for their acknowledgement, and their retransmission times.
//
// A CON is sent again after a timeout that follows the round trips of its session, doubled each
// time, and given up after MAX_TRANSMIT_WAIT, 62 to 93 s, for any round trip
// (libs/coap/transmission.h).
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
  uint64_t request = 0;  ///< The serial of the request that it answers; 0: none.
  uint16_t message_id = 0;
  Bytes message;
};

class Retransmission {
 public:
  /// `random` outlives this.
  Retransmission(const Config& config, Random& random);

  /// Adds a CON that is sent for the first time, over a path with these `round_trips`.
  SendId Add(TimePoint now, Confirmable confirmable, const coap::RttEstimator& round_trips);
  /// Adds a CON that was taken out and is sent again, with the same SendId.
  void AddAgain(TimePoint now, SendId id, Confirmable confirmable,
                const coap::RttEstimator& round_trips);
  /// On its acknowledgement: adds the measured time to `round_trips`.
  void Measure(TimePoint now, SendId id, coap::RttEstimator& round_trips) const;
  const Confirmable* Find(SendId id) const;
  /// The number of its copies after the first.
  unsigned RepeatsOf(SendId id) const;
  /// Removes and returns it.
  std::optional<Confirmable> Take(SendId id);

  /// A CON that is due: to be sent again, or, with `given_up`, to be taken out.
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
    bool again;  ///< A copy was sent before those of `transmission`.
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
