#include "libs/coap/transmission.h"

#include <algorithm>

namespace lowband::coap {
namespace {

constexpr Duration kRepeatSpan = kExchangeLifetime - kMaxLatency;

// RFC 7252 §4.8.2, MAX_TRANSMIT_WAIT: the sum of the waits, each twice the one before. No answer
// comes after EXCHANGE_LIFETIME.
Duration TransmitWait(Duration wait, Duration wait_max, unsigned max_retransmit) {
  Duration all{};
  for (unsigned copy = 0; copy <= max_retransmit && all < kExchangeLifetime; ++copy) {
    all += wait;
    wait = std::min(2 * wait, std::max(wait, wait_max));
  }
  return std::min<Duration>(all, kExchangeLifetime);
}

}  // namespace

Transmission::Transmission(TimePoint now, const TransmissionParameters& parameters,
                           Duration timeout, double draw)
    : begun_(now) {
  const double stretch = 1 + (parameters.ack_random_factor - 1) * draw;
  const auto stretched = [stretch](Duration duration) {
    return std::chrono::duration_cast<Duration>(duration * stretch);
  };
  timeout_ = stretched(timeout);
  timeout_max_ = std::max(timeout_, stretched(parameters.wait_max));
  end_ = now + TransmitWait(stretched(parameters.ack_timeout), stretched(parameters.wait_max),
                            parameters.max_retransmit);
  due_ = std::min(now + timeout_, end_);
}

bool Transmission::Repeat() {
  if (due_ >= end_ || due_ > begun_ + kRepeatSpan) return false;
  ++repeats_;
  timeout_ = std::min(2 * timeout_, timeout_max_);
  due_ = std::min(due_ + timeout_, end_);
  return true;
}

}  // namespace lowband::coap
