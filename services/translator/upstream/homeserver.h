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
  std::string prefix;  ///< `/path` before the homeserver's paths; empty: none.
  std::string base;    ///< `https://host:port/path`: a target is appended to it.
};

/// Throws ConfigError("--local", …) unless `url` is http or https with a host, and at most a plain
/// path after it.
Homeserver ParseHomeserver(const std::string& url);

/// True if every address of the homeserver is loopback or private (RFC 1918, RFC 4193, link-local):
/// then it is our own, and may get the client's address. False if the name does not resolve now, to
/// be safe.
bool HomeserverIsLocal(const Homeserver& homeserver);

/// `location`, from a relayed answer, in the form for clients, which see the homeserver without its
/// prefix. Other locations stay.
std::string WithoutPrefix(const Homeserver& homeserver, std::string location);

/// The homeserver's name and scheme in requests to it.
struct PublicName {
  std::string host;  ///< Value of Host; empty: the URL's host.
  /// X-Forwarded-Proto, http or https; empty: the client's scheme, if known. An https sent by the
  /// edge is kept in any case.
  std::string proto;
};

/// `flag`, of --upstream-host: keep, advertised, or a name with or without a port. Empty:
/// advertised for a `local` homeserver if `advertise` is set, else keep. Throws
/// ConfigError("--upstream-host", …).
PublicName DecidePublicName(const std::string& flag, const std::string& advertise, bool local);

/// Where a redirect from `homeserver` may lead: the same host, and never from https to http.
bool RedirectIsAllowed(const Homeserver& homeserver, const std::string& url);

}  // namespace lowband::translator::upstream
