// The limits of a client session, in one place.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "libs/coap/transmission.h"

namespace lowband::client {

/// Requests of one session at once, waiting for the handshake or for their answers.
inline constexpr size_t kRequestsMax = 4096;
/// Observations of one session at once; servers allow fewer.
inline constexpr size_t kObservationsMax = 16;
/// Message IDs of the server remembered to tell duplicates; the oldest goes when all are taken.
inline constexpr size_t kPeerMessagesMax = 64;
/// How often an upload starts over after a 4.08 before the transfer counts as broken.
inline constexpr unsigned kUploadRestartsMax = 3;
/// A message goes out so often as it is, before what it carries or asks for becomes smaller.
inline constexpr unsigned kLargeRepeatsMax = 2;
/// The largest blocks, 1,024 bytes (RFC 7959 §2.2), and the smallest that are tried then, 128.
inline constexpr uint8_t kBlockSzxMax = 6;
inline constexpr uint8_t kBlockSzxMin = 3;
/// Whole reassembled answer, unless Config says otherwise.
inline constexpr size_t kResponseBytesDefault = size_t{64} << 20;
/// One decrypted record; the cut that deployed peers make.
inline constexpr size_t kMessageBytesMax = 8192;

/// A request's message: its path and queries, which no block-wise transfer cuts, and a block of its
/// body. It is what an edge takes of one record (MBEDTLS_SSL_IN_CONTENT_LEN).
inline constexpr size_t kRequestMessageBytesMax = 6144;

/// RFC 7252 §4.8.2: a message ID, ours or the server's, must not name another message for so long.
inline constexpr std::chrono::seconds kExchangeLifetime = coap::kExchangeLifetime;
/// A server may keep an ACK back for so long, for the answer to ride on it: the edge's default, and
/// what RFC 7252 §5.2.1 leaves to servers.
inline constexpr std::chrono::seconds kPeerAckDelay{1};
/// From the last acknowledged step of a request to its answer: above every long-poll of Matrix.
inline constexpr std::chrono::seconds kAnswerTimeoutDefault{300};
/// What may be asked again is, for smaller blocks, when an acknowledged request has no answer after
/// this: the edge gives up on the homeserver after 90 s, unless it is told otherwise.
inline constexpr std::chrono::seconds kAnswerOverdue{100};
/// RFC 7641 §3.4: a notification this long after the last one is newer, whatever its number.
inline constexpr std::chrono::seconds kNotificationOrderLifetime{128};
/// A handshake of which nothing came for so long has failed; one that advances lives longer
/// (tls::kHandshakeLifeMax), since a flight with a chain takes minutes on the slowest links.
inline constexpr std::chrono::seconds kHandshakeTimeoutDefault{30};
/// The first wait of a handshake, while nothing is known of the link: as CoAP waits for its first
/// acknowledgement (RFC 7252 §4.8), and enough for the cookie at 1,200 bit/s and 600 ms.
inline constexpr std::chrono::milliseconds kFirstHelloWait{2500};
/// What is expected of the server, headers included: one datagram of its first flight (the wait
/// starts again with each), and its last flight with a session ticket.
inline constexpr size_t kServerDatagramBytes = 1228;
inline constexpr size_t kServerLastFlightBytes = 350;

static_assert(kRequestsMax <= 65536 / 2, "tokens have two bytes at most");

}  // namespace lowband::client
