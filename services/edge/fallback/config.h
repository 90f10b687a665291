// What the TCP fallback is told at start. Plain values; main fills them from the flags.
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
  /// --trust-forwarded-for: who connects is a proxy of ours that tells the client's address.
  bool trust_forwarded_for = false;
  /// Also for a TLS handshake that stands still.
  Duration head_timeout = kHeadTimeout;
  /// For one that goes on; not below head_timeout.
  Duration tls_handshake_life = kTlsHandshakeLifeMax;
  /// --http-idle-timeout
  Duration idle_timeout = kIdleTimeout;
  /// --http-stall-timeout
  Duration stall_timeout = kStallTimeout;
  /// Told of every transfer; may be empty.
  TransferLog log;
};

}  // namespace lowband::edge::fallback
