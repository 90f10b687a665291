#include "services/edge/admission/admission.h"

#include "services/edge/admission/limits.h"

namespace lowband::edge::admission {

std::string Limits::Validate() const {
  const auto range = [](const char* name, size_t value, size_t max) -> std::string {
    if (value >= 1 && value <= max) return "";
    return std::string("admission.") + name + " must be from 1 to " + std::to_string(max);
  };
  if (auto problem = range("sessions", sessions, kSessionsMax); !problem.empty()) {
    return problem;
  }
  if (handshakes_per_prefix_rate != 0 && handshakes_per_prefix_burst == 0) {
    return "admission.handshakes_per_prefix_burst must be at least 1";
  }
  return range("handshakes", handshakes, kHandshakesMax);
}

Admission::Admission(const Limits& limits)
    : sessions(limits.sessions, Yield::kToAll),
      handshakes(limits.handshakes, Yield::kToProven),
      requests(limits.requests),
      messages(limits.messages),
      stale_alerts(limits.sessions) {
  if (limits.handshakes_per_prefix_rate == 0) return;
  const RateLimit of_prefix{limits.handshakes_per_prefix_rate, limits.handshakes_per_prefix_burst};
  handshake_rate_.emplace(of_prefix);
  network_rate_.emplace(RateLimit{of_prefix.per_second * kHandshakesOfANetworkFactor,
                                  of_prefix.burst * kHandshakesOfANetworkFactor},
                        kSiteIpv6Bytes);
}

bool Admission::TakeHandshake(TimePoint now, const SocketAddress& peer, Eighths cost) {
  if (!handshake_rate_) return true;
  return handshake_rate_->Take(now, peer, cost) &&
         (peer.is_ipv4() || network_rate_->Take(now, peer, cost));
}

void Admission::ChargeHandshake(TimePoint now, const SocketAddress& peer, Eighths cost) {
  if (!handshake_rate_) return;
  handshake_rate_->Charge(now, peer, cost);
  if (!peer.is_ipv4()) network_rate_->Charge(now, peer, cost);
}

}  // namespace lowband::edge::admission
