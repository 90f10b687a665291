// The limits of a client session, in one place.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lowband::client {

/// Requests of one session at once, waiting for the handshake or for their answers.
inline constexpr size_t kRequestsMax = 4096;
/// Observations of one session at once; servers allow fewer.
inline constexpr size_t kObservationsMax = 16;
/// Message IDs of the server remembered to tell duplicates; the oldest goes when all are taken.
inline constexpr size_t kPeerMessagesMax = 64;
/// How often an upload starts over after a 4.08 before the transfer counts as broken.
inline constexpr unsigned kUploadRestartsMax = 3;
/// Whole reassembled answer, unless Config says otherwise.
inline constexpr size_t kResponseBytesDefault = size_t{64} << 20;
/// One decrypted record; the cut that deployed peers make.
inline constexpr size_t kMessageBytesMax = 8192;

/// RFC 7252 §4.8.2: a message ID, ours or the server's, must not name another message for so long.
inline constexpr std::chrono::seconds kExchangeLifetime{247};
/// From the last acknowledged step of a request to its answer: above every long-poll of Matrix.
inline constexpr std::chrono::seconds kAnswerTimeoutDefault{300};
/// RFC 7641 §3.4: a notification this long after the last one is newer, whatever its number.
inline constexpr std::chrono::seconds kNotificationOrderLifetime{128};
/// Handshakes that outlast every retransmission of a flight have failed long before.
inline constexpr std::chrono::seconds kHandshakeTimeoutDefault{30};

static_assert(kRequestsMax <= 65536 / 2, "tokens have two bytes at most");

}  // namespace lowband::client
