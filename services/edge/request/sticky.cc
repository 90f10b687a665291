#include "services/edge/request/sticky.h"

#include <algorithm>
#include <string_view>

#include "services/edge/request/limits.h"

namespace lowband::edge::request {
namespace {

// RFC 7235 §2.1: the name of a scheme is case-insensitive.
std::string_view WithoutScheme(std::string_view text) {
  constexpr std::string_view kScheme = "bearer ";
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b; };
  if (!std::ranges::equal(text.substr(0, kScheme.size()), kScheme, same)) return text;
  text.remove_prefix(kScheme.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

}  // namespace

Result<Sticky::Change, Refusal> Sticky::TakeToken(ByteView value) {
  if (value.size() > kAccessTokenBytesMax) {
    return Failure(Refusal{.reason = RefusalReason::kBadOption,
                           .code = coap::kBadRequest,
                           .errcode = "M_INVALID_PARAM",
                           .error = "The access token (CoAP option 256) is over the limit of " +
                                    std::to_string(kAccessTokenBytesMax) + " bytes"});
  }
  const std::string_view token = WithoutScheme(AsText(value));
  if (token_ ? token == *token_ : token.empty()) return Change::kNone;
  if (token.empty()) {
    token_ = nullptr;
    return Change::kCleared;
  }
  token_ = std::make_shared<const std::string>(token);
  return Change::kSet;
}

Result<void, Refusal> Sticky::TakeKeyTable(uint32_t version) {
  if (version > 1) {
    return Failure(Refusal{.reason = RefusalReason::kBadOption,
                           .code = coap::kBadOption,
                           .errcode = "M_UNRECOGNIZED",
                           .error = "Key table " + std::to_string(version) +
                                    " (CoAP option 257) is not known here, only 0 and 1 are"});
  }
  key_table_ = static_cast<uint8_t>(version);
  return {};
}

transcode::KeyTable Sticky::key_table(uint8_t default_version) const {
  return key_table_.value_or(default_version) == 0 ? transcode::KeyTable::kStrings
                                                   : transcode::KeyTable::kV1;
}

bool Sticky::OnRefused(const AccessToken& token) {
  if (!token_ || !token || *token != *token_) return false;
  token_ = nullptr;
  return true;
}

}  // namespace lowband::edge::request
