#include "libs/base/public_url.h"

#include <charconv>
#include <string_view>

#include "libs/base/config_error.h"

namespace lowband {
namespace {

/// Host and port of an http or https URL without user name, query or fragment; empty otherwise.
std::string_view Authority(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!url.starts_with(scheme)) continue;
    url.remove_prefix(scheme.size());
    return url.substr(0, url.find('/'));
  }
  return {};
}

/// The digits after the host, if there are any; IPv6 literals hold colons inside their brackets.
std::string_view PortText(std::string_view authority) {
  const size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.find(']', colon) != std::string_view::npos) {
    return {};
  }
  return authority.substr(colon + 1);
}

/// Zero if it is no port.
uint16_t ParsePort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? port : 0;
}

[[noreturn]] void Refuse(const std::string& url, const std::string& problem) {
  throw ConfigError("--advertise", "'" + url + "' " + problem);
}

}  // namespace

PublicUrl ParsePublicUrl(const std::string& url) {
  if (url.find('@') != std::string::npos) {
    throw ConfigError("--advertise", "the URL must not hold a user name or password");
  }
  // It is put into JSON documents without escapes.
  for (const char c : url) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\\') {
      Refuse(url,
             "must be plain ASCII without spaces, quotes and backslashes (a name in another "
             "script as xn--…)");
    }
  }
  const std::string_view authority = Authority(url);
  if (url.find("://") == std::string::npos) {
    Refuse(url, "needs a scheme: https://host or http://host");
  }
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    Refuse(url, "must be http or https");
  }
  if (url.find_first_of("?#") != std::string::npos) {
    Refuse(url, "must not have a query or fragment");
  }
  const std::string_view port = PortText(authority);
  const bool has_colon = authority.ends_with(':') || !port.empty();
  if (authority.empty() || authority.starts_with(':')) Refuse(url, "names no host");
  if (has_colon && ParsePort(port) == 0) Refuse(url, "has no usable port");
  const size_t path = url.find('/', url.find("://") + 3);
  if (path != std::string::npos && path + 1 != url.size()) {
    Refuse(url, "must not have a path: Matrix is served at the root");
  }
  PublicUrl parsed;
  parsed.tls = url.starts_with("https://");
  if (has_colon) parsed.port = ParsePort(port);
  const bool own_port = parsed.port == (parsed.tls ? 443 : 80);
  parsed.authority = authority.substr(0, own_port ? authority.rfind(':') : authority.size());
  return parsed;
}

}  // namespace lowband
