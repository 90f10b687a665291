#include "libs/http/gateway.h"

#include <algorithm>
#include <array>
#include <string>

namespace lowband::http {
namespace {

constexpr std::array<std::string_view, 8> kNotPassedOn = {
    "Host",      "Content-Length", "Transfer-Encoding", "Expect",
    "Forwarded", "X-Real-IP",      "X-Request-Id",      "HTTP2-Settings"};
constexpr std::string_view kForwardedPrefix = "X-Forwarded-";

}  // namespace

bool IsNotPassedOn(std::string_view name) {
  std::string dashed(name);
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  const std::string_view text = dashed;
  if (SameToken(text.substr(0, kForwardedPrefix.size()), kForwardedPrefix)) return true;
  return std::ranges::any_of(kNotPassedOn,
                             [&](std::string_view one) { return SameToken(one, text); });
}

Fields OwnErrorFields() {
  return {{"Content-Type", "application/json"},
          {"Access-Control-Allow-Origin", "*"},
          {"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"},
          {"Access-Control-Allow-Headers", "X-Requested-With, Content-Type, Authorization, Date"}};
}

}  // namespace lowband::http
