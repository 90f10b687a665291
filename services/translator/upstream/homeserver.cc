#include "services/translator/upstream/homeserver.h"

#include <curl/curl.h>
#include <netdb.h>
#include <strings.h>

#include <charconv>
#include <memory>
#include <optional>

#include "libs/base/address.h"
#include "libs/base/config_error.h"

namespace lowband::translator {
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
  /// Empty where the URL has no such part.
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

}  // namespace

Homeserver ParseHomeserver(const std::string& url) {
  // Said before parsing, so that a password in the URL is not printed.
  if (url.find('@') != std::string::npos) {
    throw ConfigError("--local", "the URL must not hold a user name or password");
  }
  for (const char c : url) {
    if (c <= ' ' || c == 0x7f) Refuse(url, "must not hold spaces or control characters");
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
  const std::string path = parsed.Part(CURLUPART_PATH);
  if (!path.empty() && path != "/") Refuse(url, "must not have a path");

  Homeserver homeserver;
  homeserver.tls = scheme == "https";
  homeserver.host = parsed.Part(CURLUPART_HOST);
  const std::string port = parsed.Part(CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), homeserver.port);
  if (homeserver.host.empty()) Refuse(url, "names no host");
  if (homeserver.port == 0) Refuse(url, "has no usable port");
  homeserver.origin = scheme + "://" + homeserver.host + ":" + port;
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

bool RedirectIsAllowed(const Homeserver& homeserver, const std::string& url) {
  const Url parsed(url);
  if (!parsed.valid() || !parsed.Part(CURLUPART_USER).empty()) return false;
  const std::string scheme = parsed.Part(CURLUPART_SCHEME);
  if (scheme != "https" && (scheme != "http" || homeserver.tls)) return false;
  return strcasecmp(parsed.Part(CURLUPART_HOST).c_str(), homeserver.host.c_str()) == 0;
}

}  // namespace lowband::translator
