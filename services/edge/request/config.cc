#include "services/edge/request/config.h"

#include "services/edge/request/limits.h"

namespace lowband::edge::request {

std::string Config::Validate() const {
  using std::chrono::seconds;
  if (default_key_table > 1) return "request.default_key_table must be 0 or 1";
  if (exchange_timeout < seconds(1) || exchange_timeout > kExchangeTimeoutMax) {
    return "request.exchange_timeout must be from 1 to 200 s";
  }
  if (exchanges_per_session_max == 0 || exchanges_per_session_max > kExchangesPerSessionMax) {
    return "request.exchanges_per_session_max must be from 1 to " +
           std::to_string(kExchangesPerSessionMax);
  }
  if (exchanges_max == 0) return "request.exchanges_max must be at least 1";
  if (request_body_bytes_max < coap::kMessageBytesMax) {
    return "request.request_body_bytes_max must be at least " +
           std::to_string(coap::kMessageBytesMax);
  }
  if (request_bytes_max < request_body_bytes_max) {
    return "request.request_bytes_max must be at least request.request_body_bytes_max";
  }
  if (uploads_per_session_max == 0 || uploads_per_session_max > 64) {
    return "request.uploads_per_session_max must be from 1 to 64";
  }
  if (block_szx > 6) return "request.block_szx must be from 0 to 6";
  if (pinned_per_session_max == 0 || pinned_per_session_max > 64) {
    return "request.pinned_per_session_max must be from 1 to 64";
  }
  if (pinned_small_per_session_max == 0 || pinned_small_per_session_max > 64) {
    return "request.pinned_small_per_session_max must be from 1 to 64";
  }
  if (answer_window != 0 &&
      (answer_window < kAnswerWindowMin || answer_window > kAnswerWindowMax)) {
    return "request.answer_window must be 0, or from 8 KiB to 16 MiB";
  }
  if (observations_per_session_max > kObservationsPerSessionMax) {
    return "request.observations_per_session_max must be from 0 to " +
           std::to_string(kObservationsPerSessionMax);
  }
  if (poll_jitter < 0 || poll_jitter > 1) return "request.poll_jitter must be from 0 to 1";
  if (token_wait < Duration::zero() || token_wait > seconds(10)) {
    return "request.token_wait must be from 0 to 10 s";
  }
  return "";
}

}  // namespace lowband::edge::request
