#include "tools/lowband/url.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace lowband::tools {
namespace {

constexpr std::string_view kSchemeEnd = "://";

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out.push_back(text[at]);
      continue;
    }
    if (text.size() - at < 3) return std::nullopt;
    const int high = HexValue(text[at + 1]);
    const int low = HexValue(text[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high << 4 | low));
    at += 2;
  }
  return out;
}

// The pieces between separators, decoded; none if one cannot be decoded.
std::optional<std::vector<std::string>> SplitDecoded(std::string_view text, char separator) {
  std::vector<std::string> pieces;
  for (;;) {
    const size_t end = std::min(text.find(separator), text.size());
    auto piece = PercentDecode(text.substr(0, end));
    if (!piece) return std::nullopt;
    pieces.push_back(std::move(*piece));
    if (end == text.size()) return pieces;
    text.remove_prefix(end + 1);
  }
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// The fault, or none.
std::optional<std::string> ReadScheme(std::string_view& rest, Url& url) {
  const size_t end = rest.find(kSchemeEnd);
  if (end == std::string_view::npos || end > rest.find_first_of("/?#")) return std::nullopt;
  const std::string scheme = Lower(rest.substr(0, end));
  rest.remove_prefix(end + kSchemeEnd.size());
  if (scheme == "coap") {
    url.secure = false;
    url.port = kCoapPort;
  } else if (scheme == "http" || scheme == "https") {
    url.port = kMatrixPort;
  } else if (scheme != "coaps") {
    return "the scheme \"" + scheme + "\" is none of coap, coaps, http, https";
  }
  return std::nullopt;
}

// RFC 6874: the zone of a link-local address is written after "%25". A bare "%" is accepted too, as
// section 3 asks, since other programs print such addresses so.
bool ReadBracketed(std::string_view text, std::string& host) {
  const size_t percent = text.find('%');
  host = text.substr(0, percent);
  if (percent == std::string_view::npos) return true;
  std::string_view zone = text.substr(percent + 1);
  if (zone.starts_with("25") && zone.size() > 2) zone.remove_prefix(2);
  const auto decoded = PercentDecode(zone);
  if (zone.empty() || !decoded) return false;
  host += "%" + *decoded;
  return true;
}

std::optional<std::string> ReadAuthority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos) {
    return "user names in URLs are not supported; use --token";
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return "the \"[\" of an IPv6 address is not closed";
    if (!ReadBracketed(authority.substr(1, end - 1), url.host)) {
      return "the zone of an IPv6 address is written behind \"%25\", as in [fe80::1%25eth0]";
    }
    port = authority.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return "a port must follow \"]\" and \":\"";
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const size_t colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
    if (port.find(':') != std::string_view::npos) return "IPv6 addresses are written in [ ]";
  }
  if (url.host.empty()) return "it names no host";
  if (port.empty()) return std::nullopt;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (error != std::errc() || end != port.data() + port.size() || url.port == 0) {
    return "\"" + std::string(port) + "\" is no port";
  }
  return std::nullopt;
}

}  // namespace

Result<Url, std::string> ParseUrl(std::string_view text) {
  const auto wrong = [text](const std::string& why) {
    return Failure("\"" + std::string(text) + "\" is not a usable URL: " + why);
  };
  Url url;
  std::string_view rest = text.substr(0, text.find('#'));
  if (auto problem = ReadScheme(rest, url)) return wrong(*problem);
  const size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  if (auto problem = ReadAuthority(rest.substr(0, authority_end), url)) return wrong(*problem);
  rest.remove_prefix(authority_end);
  const size_t query = rest.find('?');
  std::string_view path = rest.substr(0, query);
  // RFC 7252 §6.4: "/" alone is no segment.
  if (path.starts_with('/')) path.remove_prefix(1);
  if (!path.empty()) {
    auto segments = SplitDecoded(path, '/');
    if (!segments) return wrong("a \"%\" in the path is not followed by two hexadecimal digits");
    url.path = std::move(*segments);
  }
  if (query != std::string_view::npos && query + 1 < rest.size()) {
    auto queries = SplitDecoded(rest.substr(query + 1), '&');
    if (!queries) return wrong("a \"%\" in the query is not followed by two hexadecimal digits");
    url.queries = std::move(*queries);
  }
  return url;
}

}  // namespace lowband::tools
