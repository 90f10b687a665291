// The parameters of reliable transmission, and the timer of one confirmable message.
//
// A message is sent at 0, T, 3T, 7T … and given up MAX_TRANSMIT_WAIT after its first copy, with T
// drawn from the timeout to the timeout times ACK_RANDOM_FACTOR. With a timeout of ACK_TIMEOUT
// there are MAX_RETRANSMIT further copies, as in RFC 7252 §4.2. With a timeout that follows the
// round trip there are more or fewer, but a peer may still be unreachable for 62 to 93 s. With any
// parameters, the last copy reaches the peer while it still remembers the first one, and so
// recognises a duplicate.
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
/// EXCHANGE_LIFETIME and MAX_LATENCY (§4.8.2): how long a message ID identifies one message, and
/// how long a datagram may be in transit.
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
  /// The first copy leaves now. `timeout` is ACK_TIMEOUT or an RttEstimator's; `draw` is random,
  /// from 0 to 1.
  Transmission(TimePoint now, const TransmissionParameters& parameters, Duration timeout,
               double draw);

  /// Time of the next copy, or of giving up.
  TimePoint due() const { return due_; }
  /// To be called at due(). True: send another copy; due() is later now. False: it is given up.
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
