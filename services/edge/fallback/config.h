// The settings of the TCP fallback. Plain values; main fills them from the flags.
#pragma once

#include <cstdint>

#include "services/edge/fallback/limits.h"
#include "services/edge/fallback/transfer_record.h"

namespace lowband::edge::fallback {

struct Config {
  /// The advertised URL is https: connections speak TLS with the edge's certificate.
  bool tls = true;
  /// --http-max-connections
  uint64_t connections_max = kConnectionsDefault;
  /// --http-max-body: bytes of one request's body.
  uint64_t body_bytes_max = kBodyBytesDefault;
  /// --trust-forwarded-for: all connections come from a trusted proxy that names its clients.
  bool trust_forwarded_for = false;
  /// Also for a TLS handshake without progress.
  Duration head_timeout = kHeadTimeout;
  /// For a TLS handshake with progress; not below head_timeout.
  Duration tls_handshake_life = kTlsHandshakeLifeMax;
  /// --http-idle-timeout
  Duration idle_timeout = kIdleTimeout;
  /// --http-stall-timeout
  Duration stall_timeout = kStallTimeout;
  /// Called at the end of each transfer; may be empty.
  TransferLog log;
};

}  // namespace lowband::edge::fallback
