// The configuration of the upstream stage. Plain values; main fills them from the flags.
#pragma once

#include <cstdint>
#include <string>

#include "libs/base/time.h"
#include "services/translator/upstream/homeserver.h"
#include "services/translator/upstream/limits.h"

namespace lowband::translator::upstream {

struct UpstreamConfig {
  /// --local: the homeserver, `http://host[:port][/path]` or `https://host[:port][/path]`.
  std::string homeserver = "http://localhost:8008";
  /// --upstream-host, decided once at start.
  PublicName name;
  /// --upstream-ca: a PEM file, or a directory of hashed ones, trusted instead of the system's
  /// roots. Empty: the system's.
  std::string ca;
  /// --upstream-threads. One is enough for many thousand requests a second, and keeps all
  /// connections in one pool.
  uint64_t threads = 1;
  /// --upstream-max-active: exchanges at the homeserver at once, all threads together.
  uint64_t active_max = kActiveDefault;
  /// --upstream-max-pending: exchanges that wait for a place, all threads together.
  uint64_t pending_max = kPendingDefault;
  /// --relay-max: relayed transfers at once. None waits; the ingress refuses more.
  uint64_t relays_max = kRelaysActiveDefault;
  /// --upstream-max-polls: long-polls of one access token, active and waiting; over CoAP, and as
  /// many more as relayed transfers.
  uint64_t polls_per_owner_max = kPollsPerOwnerDefault;
  /// --upstream-max-body: bytes of one answer after decompression.
  uint64_t response_body_bytes_max = kResponseBodyDefault;
  /// Name, TCP and TLS together.
  Duration connect_timeout = kConnectTimeout;
  /// --upstream-connection-life, of exchanges and relayed transfers.
  Duration connection_life = kConnectionLife;
  /// Of relayed transfers; see limits.h. Not flags: only tests change them.
  Duration relay_silence = kRelaySilence;
  Duration relay_head_timeout = kRelayHeadTimeout;

  /// Throws ConfigError naming the flag. Reads the CA file, but opens no socket and resolves no
  /// name.
  void Validate() const;
};

}  // namespace lowband::translator::upstream
