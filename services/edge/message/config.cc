#include "services/edge/message/config.h"

#include <algorithm>

namespace lowband::edge::message {

void Config::ScaleTo(size_t sessions) {
  confirmables_max = std::max(2 * sessions, kConfirmablesMin);
}

admission::MessageLimits Config::ProcessLimits() const {
  return {.confirmables = confirmables_max, .answer_bytes = answer_bytes_max};
}

std::string Config::Validate() const {
  using std::chrono::seconds;
  // Deployed clients retransmit after 8 s.
  if (ack_delay < Duration::zero() || ack_delay > seconds(8)) {
    return "message.ack_delay must be from 0 to 8 s";
  }
  if (ack_timeout < std::chrono::milliseconds(100) || ack_timeout > seconds(60)) {
    return "message.ack_timeout must be from 0.1 to 60 s";
  }
  if (!(ack_random_factor >= 1 && ack_random_factor <= 4)) {
    return "message.ack_random_factor must be from 1 to 4";
  }
  if (max_retransmit > 8) return "message.max_retransmit must be at most 8";
  if (answer_bytes_per_session_max < kAnswerOverheadBytes ||
      answer_bytes_per_session_max > kAnswerBytesPerSessionMax) {
    return "message.answer_bytes_per_session_max must be from 128 to 1,048,576";
  }
  if (confirmables_max < 1) return "message.confirmables_max must be at least 1";
  return "";
}

}  // namespace lowband::edge::message
