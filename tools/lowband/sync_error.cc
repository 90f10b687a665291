#include "tools/lowband/sync_error.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "libs/client/options.h"
#include "tools/lowband/message_text.h"
#include "tools/lowband/request_message.h"
#include "tools/lowband/sync_event.h"
#include "tools/lowband/sync_limits.h"

namespace lowband::tools {
namespace {

using nlohmann::json;

constexpr uint32_t kTooManyRequests = 429;
constexpr uint32_t kRequestTimeout = 408;
constexpr const char* kLimitExceeded = "M_LIMIT_EXCEEDED";
constexpr const char* kUnknownPosition = "M_UNKNOWN_POS";

std::string Text(const json& body, const char* name) {
  const auto found = body.find(name);
  return found != body.end() && found->is_string()
             ? Printable(found->get<std::string>(), kShownTextMax)
             : std::string();
}

// Servers may send any value; for a watching user an hour is the longest useful wait.
Duration RetryAfter(const client::Response& response, const json& body) {
  constexpr std::chrono::hours kLongest{1};
  Duration wait{};
  if (const auto age = client::FindUint(response.options, coap::OptionNumber::kMaxAge)) {
    wait = std::chrono::seconds(*age);
  }
  const auto found = body.find("retry_after_ms");
  if (found != body.end() && found->is_number_unsigned()) {
    wait = std::chrono::milliseconds(
        std::min<uint64_t>(found->get<uint64_t>(), std::chrono::milliseconds(kLongest).count()));
  }
  return std::min<Duration>(wait, kLongest);
}

}  // namespace

SyncError ReadError(const client::Response& response) {
  const auto text = BodyAsJson(response);
  json body = json::parse(text.value_or("{}"), nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) body = json::object();
  SyncError error;
  error.text = CodeText(response.code);
  const std::string errcode = Text(body, "errcode");
  for (const std::string& part : {errcode, Text(body, "error")}) {
    if (!part.empty()) error.text += ": " + part;
  }
  const auto status = client::FindUint(response.options, coap::OptionNumber::kHttpStatus);
  error.passes = response.code.cls() == 5 || response.code == coap::kTooManyRequests ||
                 response.code == coap::kRequestEntityIncomplete || status == kTooManyRequests ||
                 status == kRequestTimeout || errcode == kLimitExceeded;
  error.position_unknown = errcode == kUnknownPosition;
  error.wait = RetryAfter(response, body);
  return error;
}

}  // namespace lowband::tools
