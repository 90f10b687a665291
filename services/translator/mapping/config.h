// The configuration of the mapping stage. Plain values; main fills them from the flags.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libs/base/time.h"
#include "libs/coap/status.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/owner.h"

namespace lowband::translator::mapping {

/// --enum-api: the version that path enums expand to. Homeservers identify transactions by the
/// path: do not change it while clients run.
enum class EnumApi : uint8_t { kR0, kV3 };

struct MappingConfig {
  EnumApi enum_api = EnumApi::kR0;
  /// --codes
  coap::CodeSet codes = coap::CodeSet::kDeployed;
  /// --advertise: the public URL, which replaces base_url; empty: documents keep theirs.
  std::string advertise;
  /// --dtls-port: the public UDP port, announced in /versions. None: the advertised URL's port if
  /// it names one, because the edge uses one number for both; else 8008.
  std::optional<uint16_t> dtls_port;
  /// --request-timeout: the part of the edge's wait that an ordinary request has; see poll.h.
  Duration request_timeout = kRequestTimeout;
  /// --allow-paths: prefixes of further paths that are passed on, besides Matrix's, separated by
  /// commas; each begins and ends with '/', and "/" alone is every path. The default is the path
  /// that Synapse's manual lists for proxies; SSO logins need it.
  std::string allow_paths = "/_synapse/client/";
  /// Send the homeserver the client's address: --forward-client-ip, or the homeserver is local
  /// (upstream/homeserver.h, decided once at start).
  bool forward_client_ip = false;
  /// --trace-one-in: a request without a traceparent gets one, which is sampled for one in so many
  /// requests. 0: it gets none, and the homeserver decides.
  uint64_t trace_one_in = 0;
  /// The key of the owners' hashes; each process makes its own.
  OwnerKey owner_key{};

  /// Throws ConfigError naming the flag.
  void Validate() const;
  uint16_t PublicDtlsPort() const;
};

}  // namespace lowband::translator::mapping
