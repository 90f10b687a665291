#include "services/edge/request/config.h"

#include <algorithm>

#include "services/edge/request/limits.h"

namespace lowband::edge::request {
namespace {

/// The number of downloads whose rest may be asked for again.
size_t WindowsMax(const Config& config) {
  return (config.download_bytes_max + config.small_download_bytes_max) /
         std::max(config.answer_window, kAnswerWindowMin);
}

/// Ledgers book a sixteenth more until others have made room; the margin is twice that.
size_t WithSlack(size_t max) { return max + max / 8 + 1; }

}  // namespace

void Config::ScaleTo(size_t sessions) {
  exchanges_max = std::max(sessions, kSessionsScaleMin);
  // Clients of sliding sync have two connections each.
  polls_max = observations_max = 2 * exchanges_max;
}

size_t Config::UnderWayMax() const {
  return WithSlack(exchanges_max) + WithSlack(polls_max) + WithSlack(WindowsMax(*this));
}

size_t Config::UnderWayBytesMax() const {
  const size_t places = WithSlack(exchanges_max) + WithSlack(polls_max);
  return places * 2 * kHeadBytesPerPlace + WithSlack(WindowsMax(*this)) * kHeadBytesMax +
         WithSlack(request_bytes_max) + WithSlack(small_request_bytes_max);
}

admission::RequestLimits Config::ProcessLimits() const {
  return {.upload_bytes = request_bytes_max,
          .small_upload_bytes = small_request_bytes_max,
          .download_bytes = download_bytes_max,
          .small_download_bytes = small_download_bytes_max,
          .exchanges = exchanges_max,
          .polls = polls_max,
          .waiting = waiting_max,
          .observations = observations_max,
          .tokens = tokens};
}

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
  if (polls_max == 0) return "request.polls_max must be at least 1";
  if (tokens.exchanges < exchanges_per_session_max) {
    return "request.tokens.exchanges must be at least request.exchanges_per_session_max";
  }
  if (tokens.polls == 0 || tokens.polls > tokens.exchanges) {
    return "request.tokens.polls must be from 1 to request.tokens.exchanges";
  }
  if (request_body_bytes_max < coap::kMessageBytesMax) {
    return "request.request_body_bytes_max must be at least " +
           std::to_string(coap::kMessageBytesMax);
  }
  if (request_bytes_max < request_body_bytes_max) {
    return "request.request_bytes_max must be at least request.request_body_bytes_max";
  }
  if (small_request_bytes_max < coap::kMessageBytesMax) {
    return "request.small_request_bytes_max must be at least " +
           std::to_string(coap::kMessageBytesMax);
  }
  if (uploads_per_session_max == 0 || uploads_per_session_max > 64) {
    return "request.uploads_per_session_max must be from 1 to 64";
  }
  if (block_szx > 6) return "request.block_szx must be from 0 to 6";
  if (downloads_per_session_max == 0 || downloads_per_session_max > 64) {
    return "request.downloads_per_session_max must be from 1 to 64";
  }
  if (small_downloads_per_session_max == 0 || small_downloads_per_session_max > 64) {
    return "request.small_downloads_per_session_max must be from 1 to 64";
  }
  if (small_download_bytes_max < kSmallDownloadBytes) {
    return "request.small_download_bytes_max must be at least " +
           std::to_string(kSmallDownloadBytes);
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
