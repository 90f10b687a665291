// The retransmission timer of a DTLS handshake in the time of a sans-IO stage: mbedTLS sets and
// reads it by callbacks, and the stage's owner moves its clock.
//
// Threading: one thread. Ownership: outlives the mbedtls_ssl_context that it is attached to, and
// never moves while attached. Spec: RFC 6347 §4.2.4.
#pragma once

#include <mbedtls/ssl.h>

#include <optional>

#include "libs/base/time.h"

namespace lowband::tls {

class FlightTimer {
 public:
  FlightTimer() = default;
  FlightTimer(const FlightTimer&) = delete;
  FlightTimer& operator=(const FlightTimer&) = delete;

  void Attach(mbedtls_ssl_context* ssl) {
    mbedtls_ssl_set_timer_cb(ssl, this, &FlightTimer::Set, &FlightTimer::Get);
  }

  /// To be called with the stage's `now` before every call into the context.
  void SetNow(TimePoint now) { now_ = now; }

  /// mbedTLS's later waits are at least `floor`: the known time of the link for a flight and its
  /// answer.
  void SetFloor(Duration floor) { floor_ = floor; }
  /// A part of the peer's flight came, and the rest may take until now + `wait`: a running timer is
  /// extended to that.
  void Extend(Duration wait);

  /// When the handshake must run again (mbedtls_ssl_handshake) to retransmit; none: never.
  std::optional<TimePoint> deadline() const { return final_; }

 private:
  static void Set(void* context, uint32_t intermediate_ms, uint32_t final_ms);
  static int Get(void* context);

  TimePoint now_{};
  Duration floor_{};
  TimePoint intermediate_{};
  std::optional<TimePoint> final_;
};

}  // namespace lowband::tls
