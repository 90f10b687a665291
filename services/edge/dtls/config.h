// What an operator can set of the DTLS stage, with its defaults.
#pragma once

#include <cstddef>
#include <string>

#include "libs/base/time.h"

namespace lowband::tls {
class KeyLog;
}

namespace lowband::edge::dtls {

struct Config {
  /// A handshake from whose client nothing came for so long is forgotten: long enough for a flight
  /// with a chain on a link of 1,200 bit/s.
  Duration handshake_timeout = std::chrono::seconds(60);
  /// A session that sends nothing this long after its handshake ends: MAX_TRANSMIT_SPAN of RFC 7252
  /// §4.8.2, in which the first request of a client comes or never will.
  Duration unconfirmed_timeout = std::chrono::seconds(45);
  /// The same, if shorter, while the table is more than nine tenths full.
  Duration unconfirmed_timeout_when_full = std::chrono::seconds(15);
  /// A session whose client the homeserver does not know ends so long after its first record, or
  /// its last request: long enough to type a password, while over half of the table is empty...
  Duration unproven_timeout_when_roomy = std::chrono::minutes(5);
  /// ...and short otherwise, but longer than a first long poll, whose answer proves its client.
  Duration unproven_timeout = std::chrono::seconds(90);
  /// A session from which nothing came for so long ends. Long, since a client that sleeps must pay
  /// a handshake of 1.5 KB for a new one.
  Duration idle_timeout = std::chrono::hours(24);
  /// The same, if shorter, while proven sessions fill more than nine tenths of the table.
  Duration idle_timeout_when_full = std::chrono::minutes(30);
  /// Datagrams of a handshake carry at most this many bytes.
  size_t handshake_datagram_bytes_max = 1200;
  /// Tell clients whose session is gone to dial again, by a plaintext alert.
  bool stale_alert = true;
  /// AES-128-CCM and CCM-8 too: RFC 7252 devices know nothing else, but the tag has 64 bits.
  bool allow_ccm8 = false;
  /// Refuse clients without the extended master secret of RFC 7627.
  bool require_extended_master_secret = true;
  /// Where secrets are written for a packet analyser, or null. Outlives the server.
  tls::KeyLog* key_log = nullptr;

  /// Empty, or what is wrong, naming the field ("dtls.handshake_timeout …").
  std::string Validate() const;
};

}  // namespace lowband::edge::dtls
