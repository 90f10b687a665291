// The homeserver's address, as `--local` gives it.
//
// Threading: free functions and values; any thread. HomeserverIsLocal asks the resolver and blocks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lowband::translator::upstream {

struct Homeserver {
  bool tls = false;
  std::string host;    ///< A name in ASCII, or an address literal; IPv6 in brackets.
  uint16_t port = 0;   ///< The scheme's own when the URL names none.
  std::string prefix;  ///< `/path` that the homeserver is behind; empty: none.
  std::string base;    ///< `https://host:port/path`: put a target behind it.
};

/// Throws ConfigError("--local", …) unless `url` is http or https with a host, and a plain path at
/// most behind it.
Homeserver ParseHomeserver(const std::string& url);

/// True if every address of the homeserver is loopback or private (RFC 1918, RFC 4193,
/// link-local): then it is ours, and may be told who the client is. False if the name does not
/// resolve now: better to tell too little.
bool HomeserverIsLocal(const Homeserver& homeserver);

/// `location`, of a relayed answer's Location, as clients have to know it: they see the homeserver
/// without its prefix. Other places stay.
std::string WithoutPrefix(const Homeserver& homeserver, std::string location);

/// What the homeserver is told to be called.
struct PublicName {
  std::string host;  ///< Host; empty: that of the URL.
  /// X-Forwarded-Proto, http or https; empty: as the client came, if known. That a relayed request
  /// came by https is believed in any case.
  std::string proto;
};

/// `flag`, of --upstream-host: keep, advertised, or a name with or without a port. Empty:
/// advertised for a homeserver that is `local` while there is something advertised, keep otherwise.
/// Throws ConfigError("--upstream-host", …).
PublicName DecidePublicName(const std::string& flag, const std::string& advertise, bool local);

/// Where a redirect from `homeserver` may lead: the same host, and never from https to http.
bool RedirectIsAllowed(const Homeserver& homeserver, const std::string& url);

}  // namespace lowband::translator::upstream
