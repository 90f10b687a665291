#include "libs/http/field.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "libs/http/text.h"

namespace lowband::http {
namespace {

constexpr bool IsAlphanumeric(size_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= 'a' && byte <= 'z');
}

constexpr auto kTokenBytes = [] {
  std::array<bool, 256> table{};
  for (size_t byte = 0; byte < table.size(); ++byte) table[byte] = IsAlphanumeric(byte);
  for (const uint8_t byte : std::string_view("!#$%&'*+-.^_`|~")) table[byte] = true;
  return table;
}();

char Lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

constexpr std::string_view kHopByHop[] = {
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
};

// A sender must not name a field in Connection that is meant for all recipients (RFC 9110 §7.6.1).
// A client that does so could make us remove fields that the homeserver needs: authentication,
// origin, content type, caching.
constexpr std::string_view kEndToEnd[] = {
    "Authorization",
    "Cache-Control",
    "Content-Encoding",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "Cookie",
    "Date",
    "Forwarded",
    "Host",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Location",
    "Origin",
    "Range",
    "Set-Cookie",
    "Vary",
    "Via",
    "WWW-Authenticate",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
};

bool IsAmong(const auto& names, std::string_view name) {
  return std::ranges::any_of(names, [&](std::string_view one) { return SameToken(one, name); });
}

}  // namespace

bool IsToken(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char byte) {
    return kTokenBytes[static_cast<uint8_t>(byte)];
  });
}

bool IsFieldValue(std::string_view text) {
  const auto is_space = [](char byte) { return byte == ' ' || byte == '\t'; };
  if (text.empty()) return true;
  if (is_space(text.front()) || is_space(text.back())) return false;
  return std::ranges::all_of(text, [&](char byte) {
    const auto code = static_cast<uint8_t>(byte);
    return is_space(byte) || (code > 0x20 && code != 0x7f);
  });
}

bool SameToken(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, Lower, Lower);
}

const std::string* Find(const Fields& fields, std::string_view name) {
  const auto found =
      std::ranges::find_if(fields, [&](const Field& field) { return SameToken(field.name, name); });
  return found == fields.end() ? nullptr : &found->value;
}

void Remove(Fields& fields, std::string_view name) {
  std::erase_if(fields, [&](const Field& field) { return SameToken(field.name, name); });
}

bool HasElement(const Fields& fields, std::string_view name, std::string_view element) {
  for (const Field& field : fields) {
    if (!SameToken(field.name, name)) continue;
    Elements elements(field.value);
    while (const auto one = elements.Next()) {
      if (SameToken(*one, element)) return true;
    }
  }
  return false;
}

void RemoveHopByHop(Fields& fields) {
  std::vector<std::string> named;  // copies: views would not outlive their fields below
  for (const Field& field : fields) {
    if (!SameToken(field.name, "Connection")) continue;
    Elements elements(field.value);
    while (const auto one = elements.Next()) {
      if (!one->empty() && !IsAmong(kEndToEnd, *one)) named.emplace_back(*one);
    }
  }
  std::erase_if(fields, [&](const Field& field) {
    return IsAmong(kHopByHop, field.name) || IsAmong(named, field.name);
  });
}

}  // namespace lowband::http
