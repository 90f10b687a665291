// What an operator can set of the message layer, with its defaults.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "libs/base/time.h"
#include "libs/coap/transmission.h"
#include "services/edge/admission/message_ledgers.h"
#include "services/edge/message/limits.h"

namespace lowband::edge::message {

struct Config {
  /// How long an answer may ride on the ACK. Longer saves two datagrams an exchange; beyond 2 s
  /// clients begin to retransmit.
  Duration ack_delay = std::chrono::seconds(1);

  // Transmission parameters, defaults of RFC 7252 §4.8. The timeout is that of a session whose
  // round trip is not known yet.
  Duration ack_timeout = coap::kAckTimeout;
  double ack_random_factor = coap::kAckRandomFactor;
  unsigned max_retransmit = coap::kMaxRetransmit;

  /// Bytes of the answers kept of one session for EXCHANGE_LIFETIME, so that a duplicate gets the
  /// same: 1,000 small ones, or 200 that fill a datagram. The oldest goes first, those to requests
  /// that must not be carried out twice after the others.
  size_t answer_bytes_per_session_max = size_t{256} << 10;
  /// The same, of all sessions of the process: the network that has most pays.
  size_t answer_bytes_max = size_t{64} << 20;

  /// CONs of ours that wait for their ACK, of all sessions of the process.
  size_t confirmables_max = kConfirmablesMin;

  /// For so many sessions: each may be pinged while it has an answer or a notification under way.
  void ScaleTo(size_t sessions);
  /// What the workers share.
  admission::MessageLimits ProcessLimits() const;

  /// Empty, or what is wrong, naming the field ("message.ack_delay …").
  std::string Validate() const;
};

}  // namespace lowband::edge::message
