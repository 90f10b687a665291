// What the mapping stage is told at start. Plain values; main fills them from the flags.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libs/base/time.h"
#include "libs/coap/status.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/owner.h"

namespace lowband::translator::mapping {

/// --enum-api: the version that path enums expand to. Homeservers key transaction ids on the path:
/// do not change it under running clients.
enum class EnumApi : uint8_t { kR0, kV3 };

struct MappingConfig {
  EnumApi enum_api = EnumApi::kR0;
  /// --codes
  coap::CodeSet codes = coap::CodeSet::kDeployed;
  /// --advertise: the public URL, which becomes base_url; empty: documents keep theirs.
  std::string advertise;
  /// --dtls-port: the public UDP port, told in /versions. None: the advertised URL's own port when
  /// it names one, because both are one port of the edge; else 8008.
  std::optional<uint16_t> dtls_port;
  /// --request-timeout: what an ordinary request has of the edge's time; see poll.h.
  Duration request_timeout = kRequestTimeout;
  /// --allow-paths: beginnings of paths that are passed on besides Matrix's, separated by commas;
  /// each begins and ends with '/', and "/" alone is every path. By default what Synapse's own
  /// manual has proxies pass on, without which a login by SSO does not come to its end.
  std::string allow_paths = "/_synapse/client/";
  /// Tell the homeserver the client's address: --forward-client-ip, or the homeserver is local
  /// (upstream/homeserver.h, decided once at start).
  bool forward_client_ip = false;
  /// --trace-one-in: a request without a traceparent gets one, which is sampled for one in so many
  /// requests. 0: it gets none, and the homeserver decides by itself.
  uint64_t trace_one_in = 0;
  /// What owners are told apart by; each process makes its own.
  OwnerKey owner_key{};

  /// Throws ConfigError naming the flag.
  void Validate() const;
  uint16_t PublicDtlsPort() const;
};

}  // namespace lowband::translator::mapping
