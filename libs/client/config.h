// What a client session is to do: transport, verification, timers, block size.
//
// Threading: a value; copied into each session. Ownership: what it points to outlives the session.
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

/// One datagram as it leaves or comes, for tools that show traffic. Views live as long as the call.
struct DatagramTrace {
  TimePoint at;
  bool sent = false;
  ByteView datagram;  ///< UDP payload; empty for a second message in the same datagram.
  ByteView message;   ///< The CoAP message inside; empty for handshake and alert records.
};

struct Config {
  /// DTLS 1.2 (coaps); false: plain UDP (coap).
  bool secure = true;
  /// The certificates that the server's chain must lead to; null: anything is accepted.
  /// Shared, because thousands of sessions of a load generator check against the same roots.
  std::shared_ptr<const Trust> trust;
  /// DNS name or IP literal that the certificate must carry, and the name that is sent as SNI.
  /// Empty: no name is sent, nor checked.
  std::string server_name;
  /// Also offers AES-128-CCM-8, whose tag has only 64 bits.
  bool allow_ccm8 = false;
  /// Our own connection ID, put by the server into each record to us; none: CIDs are not offered.
  /// Empty by default: the server's records stay short while it may still choose an ID of its own,
  /// which is the one that survives a change of our address.
  std::optional<Bytes> connection_id = Bytes{};
  /// Asks for a session ticket; costs four bytes of ClientHello and what the server sends.
  bool session_ticket = true;
  /// What SaveTicket of an earlier session returned; a server that does not know it any more
  /// makes a full handshake of it.
  Bytes resume;
  /// Null: secrets are not logged.
  tls::KeyLog* key_log = nullptr;
  /// Of silence. A handshake that advances lives up to tls::kHandshakeLifeMax, or this if longer.
  Duration handshake_timeout = kHandshakeTimeoutDefault;

  // Transmission parameters, defaults of RFC 7252 §4.8. The timeout is that of a path whose round
  // trip is not known yet. Whatever they are, no message is repeated 147 s after its first copy.
  Duration ack_timeout = coap::kAckTimeout;
  double ack_random_factor = coap::kAckRandomFactor;
  unsigned max_retransmit = coap::kMaxRetransmit;
  /// The wait doubles from copy to copy, up to this: by default for ever.
  Duration ack_wait_max = coap::kExchangeLifetime;
  /// How long an acknowledged request (or one that asks for no acknowledgement) may go unanswered.
  Duration answer_timeout = kAnswerTimeoutDefault;

  /// What the client calls itself: option 2050, until the server has it, which keeps it for the
  /// session. Empty: nothing is sent.
  std::string user_agent = {};

  /// Blocks of 2^(szx + 4) bytes, 0 to 6. Bodies above one block are uploaded in blocks; below 6
  /// the first request also asks the server for blocks of this size.
  uint8_t block_szx = 6;
  /// A longer answer is refused.
  size_t response_bytes_max = kResponseBytesDefault;

  /// The server keeps options 256, 257 and 2050 for the session (MSC3079): they go out until it has
  /// them.
  bool sticky_options = true;

  /// Called where set when the server has lost what was uploaded so far (4.08), and the upload of
  /// `id` starts over.
  std::function<void(uint64_t id)> upload_restarted;
  /// Called for each datagram where set.
  std::function<void(const DatagramTrace&)> trace;
};

}  // namespace lowband::client
