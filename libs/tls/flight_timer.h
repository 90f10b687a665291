// The retransmission timer of a DTLS handshake in the time of a sans-IO stage: mbedTLS sets it and
// asks it by callbacks, the stage's owner moves its clock.
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

  /// The waits that mbedTLS sets from here on are no shorter than `floor`: what the link is known
  /// to take for a flight and its answer.
  void SetFloor(Duration floor) { floor_ = floor; }
  /// A part of the peer's flight came, and the rest may take until now + `wait`: a running timer
  /// that would end before does not.
  void Extend(Duration wait);

  /// When the handshake wants to run again (mbedtls_ssl_handshake) to retransmit; none: never.
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
