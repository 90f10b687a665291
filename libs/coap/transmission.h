// The parameters of reliable transmission, and the timer of one confirmable message.
//
// A message is sent at 0, T, 3T, 7T … and given up MAX_TRANSMIT_WAIT after its first copy, with T
// drawn from the timeout to the timeout times ACK_RANDOM_FACTOR. With a timeout of ACK_TIMEOUT
// that are MAX_RETRANSMIT copies more, as RFC 7252 §4.2 has it. A timeout that follows the round
// trip makes them more or fewer: how long a peer may be out of reach stays the same, 62 to 93 s.
// Whatever the parameters, the last copy reaches the peer while it still knows the first one, and
// so tells it for a duplicate.
//
// Threading: values. Spec: RFC 7252 §4.2, §4.8.
#pragma once

#include <chrono>

#include "libs/base/time.h"

namespace lowband::coap {

/// ACK_TIMEOUT and its companions (RFC 7252 §4.8).
inline constexpr std::chrono::seconds kAckTimeout{2};
inline constexpr double kAckRandomFactor = 1.5;
inline constexpr unsigned kMaxRetransmit = 4;
/// EXCHANGE_LIFETIME and MAX_LATENCY (§4.8.2): for how long a message ID names one message, and how
/// long a datagram may be under way.
inline constexpr std::chrono::seconds kExchangeLifetime{247};
inline constexpr std::chrono::seconds kMaxLatency{100};

struct TransmissionParameters {
  Duration ack_timeout = kAckTimeout;
  double ack_random_factor = kAckRandomFactor;
  unsigned max_retransmit = kMaxRetransmit;
  /// Waits double up to this.
  Duration wait_max = kExchangeLifetime;
};

class Transmission {
 public:
  Transmission() = default;
  /// Its first copy leaves now. `timeout` is ACK_TIMEOUT or what an RttEstimator says; `draw` is
  /// random, from 0 to 1.
  Transmission(TimePoint now, const TransmissionParameters& parameters, Duration timeout,
               double draw);

  /// When it is to be sent again, or given up.
  TimePoint due() const { return due_; }
  /// due() has come. True: another copy is to be sent, and due() is later now. False: it is given
  /// up.
  [[nodiscard]] bool Repeat();
  TimePoint begun() const { return begun_; }
  /// Copies after the first.
  unsigned repeats() const { return repeats_; }

 private:
  TimePoint begun_;
  TimePoint due_;
  TimePoint end_;
  Duration timeout_{};
  Duration timeout_max_{};
  unsigned repeats_ = 0;
};

}  // namespace lowband::coap
