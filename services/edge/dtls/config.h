// The settings of the DTLS stage, with their defaults.
#pragma once

#include <cstddef>
#include <string>

#include "libs/base/time.h"

namespace lowband::tls {
class KeyLog;
}

namespace lowband::edge::dtls {

struct Config {
  /// A handshake ends when its client has been silent for this time: long enough for a flight with
  /// a chain on a link of 1,200 bit/s.
  Duration handshake_timeout = std::chrono::seconds(60);
  /// A session ends if its client sends nothing within this time after the handshake:
  /// MAX_TRANSMIT_SPAN of RFC 7252 §4.8.2, the time in which a first request must arrive.
  Duration unconfirmed_timeout = std::chrono::seconds(45);
  /// Replaces unconfirmed_timeout, if shorter, while the table is more than nine tenths full.
  Duration unconfirmed_timeout_when_full = std::chrono::seconds(15);
  /// An unproven session ends this long after its first record, or its last request: long enough to
  /// type a password, while over half of the table is empty...
  Duration unproven_timeout_when_roomy = std::chrono::minutes(5);
  /// ...and short otherwise, but longer than a first long poll, whose answer proves its client.
  Duration unproven_timeout = std::chrono::seconds(90);
  /// A session ends when its client has been silent for this time. Long, since a new session costs
  /// a sleeping client a handshake of 1.5 KB.
  Duration idle_timeout = std::chrono::hours(24);
  /// Replaces idle_timeout, if shorter, while proven sessions fill over nine tenths of the table.
  Duration idle_timeout_when_full = std::chrono::minutes(30);
  /// Datagrams of a handshake carry at most this many bytes.
  size_t handshake_datagram_bytes_max = 1200;
  /// Send clients whose session is gone a plaintext alert, so that they dial again.
  bool stale_alert = true;
  /// Allow AES-128-CCM and CCM-8. Devices of RFC 7252 support only these; CCM-8's tag has 64 bits.
  bool allow_ccm8 = false;
  /// Refuse clients without the extended master secret of RFC 7627.
  bool require_extended_master_secret = true;
  /// Receives the secrets for a packet analyser, or null. Outlives the server.
  tls::KeyLog* key_log = nullptr;

  /// Empty, or the error with the field's name ("dtls.handshake_timeout …").
  std::string Validate() const;
};

}  // namespace lowband::edge::dtls
