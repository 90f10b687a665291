#include "libs/tls/flight_timer.h"

#include <algorithm>

namespace lowband::tls {

// The contract of mbedtls_ssl_set_timer_t: a final delay of 0 cancels.
void FlightTimer::Set(void* context, uint32_t intermediate_ms, uint32_t final_ms) {
  auto& timer = *static_cast<FlightTimer*>(context);
  if (final_ms == 0) {
    timer.final_.reset();
    return;
  }
  timer.intermediate_ = timer.now_ + std::chrono::milliseconds(intermediate_ms);
  timer.final_ = timer.now_ + std::max<Duration>(std::chrono::milliseconds(final_ms), timer.floor_);
}

void FlightTimer::Extend(Duration wait) {
  if (final_) final_ = std::max(*final_, now_ + wait);
}

// The contract of mbedtls_ssl_get_timer_t: -1 cancelled, 0 none, 1 intermediate, 2 final passed.
int FlightTimer::Get(void* context) {
  const auto& timer = *static_cast<const FlightTimer*>(context);
  if (!timer.final_) return -1;
  if (timer.now_ >= *timer.final_) return 2;
  return timer.now_ >= timer.intermediate_ ? 1 : 0;
}

}  // namespace lowband::tls
