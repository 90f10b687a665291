#include "services/translator/upstream/homeserver.h"

#include <curl/curl.h>
#include <idn2.h>
#include <netdb.h>
#include <strings.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

#include "libs/base/address.h"
#include "libs/base/config_error.h"
#include "libs/base/public_url.h"

namespace lowband::translator::upstream {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

class Url {
 public:
  explicit Url(const std::string& text) : handle_(curl_url()) {
    valid_ = handle_ && curl_url_set(handle_.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK;
  }
  bool valid() const { return valid_; }
  /// Empty if the URL has no such part.
  std::string Part(CURLUPart part, unsigned flags = 0) const {
    char* raw = nullptr;
    if (!valid_ || curl_url_get(handle_.get(), part, &raw, flags) != CURLUE_OK) return {};
    std::string text(raw);
    curl_free(raw);
    return text;
  }

 private:
  std::unique_ptr<CURLU, UrlDeleter> handle_;
  bool valid_ = false;
};

[[noreturn]] void Refuse(const std::string& url, const std::string& problem) {
  throw ConfigError("--local", "'" + url + "' " + problem);
}

/// The host in ASCII (RFC 5891); empty if it cannot be a name. libcurl can do it too, but in the
/// locale's encoding, which is "C" in a service, and 7.88 leaks the name then.
std::string AsciiHost(const Url& url) {
  std::string host = url.Part(CURLUPART_HOST);
  if (std::ranges::all_of(host, [](char c) { return static_cast<signed char>(c) >= 0; }))
    return host;
  uint8_t* raw = nullptr;
  if (idn2_lookup_u8(reinterpret_cast<const uint8_t*>(host.c_str()), &raw,
                     IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK) {
    return {};
  }
  std::string ascii(reinterpret_cast<const char*>(raw));
  idn2_free(raw);
  return ascii;
}

/// As written: parsing removes dot segments.
std::string RawPath(const std::string& url) {
  const size_t slash = url.find('/', url.find("://") + 3);
  return slash == std::string::npos ? std::string() : url.substr(slash);
}

/// Without its last slashes.
std::string PrefixOf(const std::string& url, std::string path) {
  while (path.ends_with('/')) path.pop_back();
  for (const char c : path) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && !std::strchr("/-._~", c)) {
      Refuse(url, "must have a path of letters, digits and -._~ only");
    }
  }
  const std::string slashed = path + '/';
  if (slashed.find("//") != std::string::npos || slashed.find("/./") != std::string::npos ||
      slashed.find("/../") != std::string::npos) {
    Refuse(url, "must not have an empty, . or .. part in its path");
  }
  if (slashed.find("/_matrix/") != std::string::npos) {
    Refuse(url, "must not include /_matrix, where the path of the homeserver's API begins");
  }
  return path;
}

bool IsAuthority(const std::string& text) {
  const Url url("http://" + text);
  return url.valid() && url.Part(CURLUPART_PATH) == "/" && url.Part(CURLUPART_QUERY).empty() &&
         std::ranges::all_of(text, [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) || std::strchr("-._:[]", c);
         });
}

}  // namespace

Homeserver ParseHomeserver(const std::string& url) {
  // Checked before parsing, so that a password in the URL is not printed.
  if (url.find('@') != std::string::npos) {
    throw ConfigError("--local", "the URL must not hold a user name or password");
  }
  for (const char c : url) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f)
      Refuse(url, "must not hold spaces or control characters");
  }
  if (url.find("://") == std::string::npos) {
    Refuse(url, "needs a scheme: http://host:port or https://host:port");
  }
  if (url.starts_with("unix:")) Refuse(url, "must be http or https");
  if (url.find_first_of("?#") != std::string::npos)
    Refuse(url, "must not have a query or fragment");
  const Url parsed(url);
  const std::string scheme = parsed.Part(CURLUPART_SCHEME);
  if (!parsed.valid()) {
    const bool http = url.starts_with("http://") || url.starts_with("https://");
    Refuse(url, http ? "is not a valid URL" : "must be http or https");
  }
  if (scheme != "http" && scheme != "https") Refuse(url, "must be http or https");
  Homeserver homeserver;
  homeserver.prefix = PrefixOf(url, RawPath(url));
  homeserver.tls = scheme == "https";
  homeserver.host = AsciiHost(parsed);
  const bool named = !parsed.Part(CURLUPART_HOST).empty();
  if (named && homeserver.host.empty()) Refuse(url, "has a host that is no domain name");
  const std::string port = parsed.Part(CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), homeserver.port);
  if (homeserver.host.empty()) Refuse(url, "names no host");
  if (homeserver.port == 0) Refuse(url, "has no usable port");
  homeserver.base = scheme + "://" + homeserver.host + ":" + port + homeserver.prefix;
  return homeserver;
}

bool HomeserverIsLocal(const Homeserver& homeserver) {
  std::string host = homeserver.host;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, freeaddrinfo);
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    sockaddr_storage raw{};
    if (entry->ai_addrlen > sizeof(raw)) return false;
    __builtin_memcpy(&raw, entry->ai_addr, entry->ai_addrlen);
    const SocketAddress address = SocketAddress::FromSockaddr(raw);
    if (!address.is_loopback() && !address.is_private()) return false;
  }
  return found != nullptr;
}

std::string WithoutPrefix(const Homeserver& homeserver, std::string location) {
  const std::string& prefix = homeserver.prefix;
  if (prefix.empty() || !location.starts_with(prefix)) return location;
  if (location.size() == prefix.size()) return "/";
  return location[prefix.size()] == '/' ? location.substr(prefix.size()) : location;
}

PublicName DecidePublicName(const std::string& flag, const std::string& advertise, bool local) {
  const bool advertised = flag == "advertised" || (flag.empty() && local && !advertise.empty());
  if (flag == "keep" || (flag.empty() && !advertised)) return {};
  if (advertised && advertise.empty()) {
    throw ConfigError("--upstream-host", "\"advertised\" needs --advertise");
  }
  if (!advertised && !IsAuthority(flag)) {
    throw ConfigError("--upstream-host",
                      "'" + flag + "' is not keep, advertised or a name with or without a port");
  }
  PublicName name;
  if (!advertise.empty()) {
    const PublicUrl url = ParsePublicUrl(advertise);
    name.proto = url.tls ? "https" : "http";
    name.host = url.authority;
  }
  if (!advertised) name.host = flag;
  return name;
}

bool RedirectIsAllowed(const Homeserver& homeserver, const std::string& url) {
  const Url parsed(url);
  if (!parsed.valid() || !parsed.Part(CURLUPART_USER).empty()) return false;
  const std::string scheme = parsed.Part(CURLUPART_SCHEME);
  if (scheme != "https" && (scheme != "http" || homeserver.tls)) return false;
  return strcasecmp(parsed.Part(CURLUPART_HOST).c_str(), homeserver.host.c_str()) == 0;
}

}  // namespace lowband::translator::upstream
