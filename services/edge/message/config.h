// The configuration of the message layer, with its defaults.
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
  /// How long an answer may take to be piggybacked on the ACK. A longer delay saves two datagrams
  /// an exchange; beyond 2 s clients begin to retransmit.
  Duration ack_delay = std::chrono::seconds(1);

  // Transmission parameters, defaults of RFC 7252 §4.8. The timeout is for sessions whose round
  // trip is not known yet.
  Duration ack_timeout = coap::kAckTimeout;
  double ack_random_factor = coap::kAckRandomFactor;
  unsigned max_retransmit = coap::kMaxRetransmit;

  /// Bytes of the answers of one session that are kept for EXCHANGE_LIFETIME, so that a duplicate
  /// gets the same answer: 1,000 small ones, or 200 that fill a datagram. The oldest goes first;
  /// answers to requests that must not be carried out twice go last.
  size_t answer_bytes_per_session_max = size_t{256} << 10;
  /// Of all sessions of the process; the network that has most makes room.
  size_t answer_bytes_max = size_t{64} << 20;

  /// CONs that wait for their ACK, of all sessions of the process.
  size_t confirmables_max = kConfirmablesMin;

  /// For this many sessions: each may have a ping and an answer or notification under way.
  void ScaleTo(size_t sessions);
  /// The limits that the workers share.
  admission::MessageLimits ProcessLimits() const;

  /// Empty, or the error, with the field's name ("message.ack_delay …").
  std::string Validate() const;
};

}  // namespace lowband::edge::message
