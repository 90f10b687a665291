#include "services/edge/admission/admission.h"

#include "services/edge/admission/limits.h"

namespace lowband::edge::admission {

std::string Limits::Validate() const {
  const auto range = [](const char* name, size_t value, size_t max) -> std::string {
    if (value >= 1 && value <= max) return "";
    return std::string("admission.") + name + " must be from 1 to " + std::to_string(max);
  };
  if (const auto problem = range("sessions", sessions, kSessionsMax); !problem.empty()) {
    return problem;
  }
  return range("handshakes", handshakes, kHandshakesMax);
}

}  // namespace lowband::edge::admission
