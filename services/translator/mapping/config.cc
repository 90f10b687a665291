#include "services/translator/mapping/config.h"

#include <charconv>
#include <string_view>

#include "libs/base/config_error.h"

namespace lowband::translator {
namespace {

constexpr uint16_t kDefaultPort = 8008;

/// Host and port of an http or https URL without user name, query or fragment; empty otherwise.
std::string_view Authority(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!url.starts_with(scheme)) continue;
    url.remove_prefix(scheme.size());
    return url.substr(0, url.find('/'));
  }
  return {};
}

/// The digits behind the host, if there are any; IPv6 literals hold colons inside their brackets.
std::string_view PortText(std::string_view authority) {
  const size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.find(']', colon) != std::string_view::npos) {
    return {};
  }
  return authority.substr(colon + 1);
}

/// Zero where it is no port.
uint16_t ParsePort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? port : 0;
}

[[noreturn]] void Refuse(const std::string& url, const std::string& problem) {
  throw ConfigError("--advertise", "'" + url + "' " + problem);
}

}  // namespace

void MappingConfig::Validate() const {
  if (dtls_port && *dtls_port == 0) throw ConfigError("--dtls-port", "must not be 0");
  if (advertise.empty()) return;
  if (advertise.find('@') != std::string::npos) {
    throw ConfigError("--advertise", "the URL must not hold a user name or password");
  }
  // It is put into JSON documents as it is.
  for (const char c : advertise) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\\') {
      Refuse(advertise, "must be plain ASCII without spaces, quotes and backslashes");
    }
  }
  const std::string_view authority = Authority(advertise);
  if (advertise.find("://") == std::string::npos) {
    Refuse(advertise, "needs a scheme: https://host or http://host");
  }
  if (!advertise.starts_with("http://") && !advertise.starts_with("https://")) {
    Refuse(advertise, "must be http or https");
  }
  if (advertise.find_first_of("?#") != std::string::npos) {
    Refuse(advertise, "must not have a query or fragment");
  }
  const std::string_view port = PortText(authority);
  const bool has_colon = authority.ends_with(':') || !port.empty();
  if (authority.empty() || authority.starts_with(':')) Refuse(advertise, "names no host");
  if (has_colon && ParsePort(port) == 0) Refuse(advertise, "has no usable port");
}

uint16_t MappingConfig::PublicDtlsPort() const {
  if (dtls_port) return *dtls_port;
  const uint16_t port = ParsePort(PortText(Authority(advertise)));
  return port != 0 ? port : kDefaultPort;
}

}  // namespace lowband::translator
