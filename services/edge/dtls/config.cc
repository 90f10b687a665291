#include "services/edge/dtls/config.h"

#include "services/edge/dtls/limits.h"

namespace lowband::edge::dtls {

std::string Config::Validate() const {
  if (handshake_datagram_bytes_max < kHandshakeDatagramBytesMin ||
      handshake_datagram_bytes_max > kHandshakeDatagramBytesMax) {
    return "dtls.handshake_datagram_bytes_max must be from " +
           std::to_string(kHandshakeDatagramBytesMin) + " to " +
           std::to_string(kHandshakeDatagramBytesMax);
  }
  if (handshake_timeout <= Duration::zero()) return "dtls.handshake_timeout must be positive";
  if (unconfirmed_timeout <= Duration::zero()) return "dtls.unconfirmed_timeout must be positive";
  if (unconfirmed_timeout_when_full <= Duration::zero()) {
    return "dtls.unconfirmed_timeout_when_full must be positive";
  }
  if (unproven_timeout <= Duration::zero()) return "dtls.unproven_timeout must be positive";
  if (unproven_timeout_when_roomy <= Duration::zero()) {
    return "dtls.unproven_timeout_when_roomy must be positive";
  }
  if (idle_timeout <= Duration::zero()) return "dtls.idle_timeout must be positive";
  if (idle_timeout_when_full <= Duration::zero()) {
    return "dtls.idle_timeout_when_full must be positive";
  }
  return "";
}

}  // namespace lowband::edge::dtls
