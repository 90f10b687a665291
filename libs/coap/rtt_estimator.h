// The timeout for the acknowledgement of a message, from the previous round trips to one peer.
//
// SRTT and RTTVAR are those of RFC 6298, of messages that were acknowledged after one copy (Karn:
// for others it is unknown which copy was acknowledged). The timeout is the mean of their value and
// the previous timeout, the strong estimator of CoCoA (draft-ietf-core-cocoa): one odd sample does
// not dominate. A message that took several copies doubles the wait of the next ones until one goes
// through at once (RFC 6298 §5.5 to §5.7), so that it also adapts to a path that became slower.
// Without samples for long it returns towards the default, since a radio may have fallen asleep.
//
// Threading: a value of its owner's thread. Limits: kTimeoutMin, kTimeoutMax. Spec: RFC 6298 §2,
// §5; RFC 7252 §4.8.
#pragma once

#include <chrono>

#include "libs/base/time.h"

namespace lowband::coap {

class RttEstimator {
 public:
  /// No repeat is sooner: round trips over radio vary by so much, and a repeat costs more than the
  /// wait.
  static constexpr std::chrono::milliseconds kTimeoutMin{500};
  /// With longer waits fewer than three copies would fit into MAX_TRANSMIT_WAIT.
  static constexpr std::chrono::seconds kTimeoutMax{10};

  /// A message that was sent once was acknowledged after `round_trip`.
  void Sample(TimePoint now, Duration round_trip);
  /// A message was acknowledged after several copies.
  void BackOff();
  /// The wait for a message sent now; `unmeasured` as long as there was no sample.
  Duration Timeout(TimePoint now, Duration unmeasured) const;
  bool measured() const { return measured_; }

 private:
  bool measured_ = false;
  Duration smoothed_{};   // SRTT
  Duration variation_{};  // RTTVAR
  Duration timeout_{};
  TimePoint sampled_;
  unsigned back_off_ = 1;  // factor
};

}  // namespace lowband::coap
