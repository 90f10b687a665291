#include "libs/coap/transmission.h"

#include <algorithm>

namespace lowband::coap {

Transmission::Transmission(TimePoint now, const TransmissionParameters& parameters,
                           Duration timeout, double draw)
    : begun_(now) {
  const double stretch = 1 + (parameters.ack_random_factor - 1) * draw;
  const auto stretched = [stretch](Duration duration) {
    return std::chrono::duration_cast<Duration>(duration * stretch);
  };
  timeout_ = stretched(timeout);
  // RFC 7252 §4.8.2, MAX_TRANSMIT_WAIT: all the waits, each twice the one before.
  const auto waits = (1u << (parameters.max_retransmit + 1)) - 1;
  end_ = now + waits * stretched(parameters.ack_timeout);
  due_ = std::min(now + timeout_, end_);
}

bool Transmission::Repeat() {
  if (due_ >= end_) return false;
  ++repeats_;
  timeout_ *= 2;
  due_ = std::min(due_ + timeout_, end_);
  return true;
}

}  // namespace lowband::coap
