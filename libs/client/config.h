// The configuration of a client session: transport, verification, timers, block size.
//
// Threading: a value; copied into each session. Ownership: objects that it points to outlive the
// session.
// Spec: RFC 7252 §4.8, RFC 7959 §2.2, RFC 9146 §3, RFC 5077.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "libs/base/bytes.h"
#include "libs/base/time.h"
#include "libs/client/limits.h"
#include "libs/coap/transmission.h"

namespace lowband::tls {
class KeyLog;
}

namespace lowband::client {

class Trust;

/// One sent or received datagram, for tools that show traffic. Views are valid during the call.
struct DatagramTrace {
  TimePoint at;
  bool sent = false;
  ByteView datagram;  ///< UDP payload; empty for a second message in the same datagram.
  ByteView message;   ///< The CoAP message inside; empty for handshake and alert records.
};

struct Config {
  /// DTLS 1.2 (coaps); false: plain UDP (coap).
  bool secure = true;
  /// The authorities for the server's certificate; null: any certificate is accepted. Shared,
  /// because thousands of sessions of a load generator use the same roots.
  std::shared_ptr<const Trust> trust;
  /// DNS name or IP literal that the certificate must contain, and the name sent as SNI. Empty: no
  /// name is sent or checked.
  std::string server_name;
  /// Also offers AES-128-CCM-8, whose tag has only 64 bits.
  bool allow_ccm8 = false;
  /// Our own connection ID, which the server puts into each record to us; none: CIDs are not
  /// offered. Empty by default: the server's records stay short, and it may still choose its own
  /// ID, by which the session survives a change of our address.
  std::optional<Bytes> connection_id = Bytes{};
  /// Requests a session ticket; costs four bytes of ClientHello and the server's ticket.
  bool session_ticket = true;
  /// The result of SaveTicket of an earlier session; a server that no longer accepts it makes a
  /// full handshake.
  Bytes resume;
  /// Null: secrets are not logged.
  tls::KeyLog* key_log = nullptr;
  /// Limit of silence. A handshake with progress lasts up to tls::kHandshakeLifeMax, or this if
  /// longer.
  Duration handshake_timeout = kHandshakeTimeoutDefault;

  // Transmission parameters, defaults of RFC 7252 §4.8. The timeout is for a path whose round trip
  // is not known yet. With any values, no message is repeated later than 147 s after its first
  // copy.
  Duration ack_timeout = coap::kAckTimeout;
  double ack_random_factor = coap::kAckRandomFactor;
  unsigned max_retransmit = coap::kMaxRetransmit;
  /// The wait doubles from copy to copy, up to this: by default without a limit.
  Duration ack_wait_max = coap::kExchangeLifetime;
  /// How long an acknowledged request (or a NON one) may wait for its answer.
  Duration answer_timeout = kAnswerTimeoutDefault;

  /// The user agent: option 2050, sent until the server has it for the session. Empty: not sent.
  std::string user_agent = {};

  /// Blocks of 2^(szx + 4) bytes, 0 to 6. Bodies above one block are uploaded in blocks; below 6
  /// the first request also requests blocks of this size from the server.
  uint8_t block_szx = 6;
  /// A longer answer is refused.
  size_t response_bytes_max = kResponseBytesDefault;

  /// The server keeps options 256, 257 and 2050 for the session (MSC3079): they are sent until it
  /// has them.
  bool sticky_options = true;

  /// Called if set when the server has lost the earlier blocks (4.08), and the upload of `id`
  /// starts over.
  std::function<void(uint64_t id)> upload_restarted;
  /// Called for each datagram if set.
  std::function<void(const DatagramTrace&)> trace;
};

}  // namespace lowband::client
