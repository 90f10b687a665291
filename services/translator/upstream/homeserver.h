// The homeserver's address, as `--local` gives it.
//
// Threading: free functions and values; any thread. HomeserverIsLocal asks the resolver and blocks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lowband::translator {

struct Homeserver {
  bool tls = false;
  std::string host;    ///< A name, or an address literal; IPv6 in brackets.
  uint16_t port = 0;   ///< The scheme's own when the URL names none.
  std::string origin;  ///< `https://host:port`: put a target behind it.
};

/// Throws ConfigError("--local", …) unless `url` is http or https with a host and nothing else.
Homeserver ParseHomeserver(const std::string& url);

/// True if every address of the homeserver is loopback or private (RFC 1918, RFC 4193,
/// link-local): then it is ours, and may be told who the client is. False if the name does not
/// resolve now: better to tell too little.
bool HomeserverIsLocal(const Homeserver& homeserver);

/// Where a redirect from `homeserver` may lead: the same host, and never from https to http.
bool RedirectIsAllowed(const Homeserver& homeserver, const std::string& url);

}  // namespace lowband::translator
