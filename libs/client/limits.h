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
/// Message IDs of the server remembered to recognise duplicates; the oldest goes when all are
/// taken.
inline constexpr size_t kPeerMessagesMax = 64;
/// Number of restarts of an upload after a 4.08 before the transfer counts as broken.
inline constexpr unsigned kUploadRestartsMax = 3;
/// Repeats of an unchanged message before its block, or the block that it requests, becomes
/// smaller.
inline constexpr unsigned kLargeRepeatsMax = 2;
/// The largest blocks, 1,024 bytes (RFC 7959 §2.2), and the smallest that are tried after losses,
/// 128.
inline constexpr uint8_t kBlockSzxMax = 6;
inline constexpr uint8_t kBlockSzxMin = 3;
/// Default of Config::response_bytes_max: a whole reassembled answer.
inline constexpr size_t kResponseBytesDefault = size_t{64} << 20;
/// One decrypted record; the limit of deployed peers.
inline constexpr size_t kMessageBytesMax = 8192;

/// A request's message: its path and queries, which block-wise transfer cannot split, and a block
/// of its body. It is the edge's limit of one record (MBEDTLS_SSL_IN_CONTENT_LEN).
inline constexpr size_t kRequestMessageBytesMax = 6144;

/// RFC 7252 §4.8.2: a message ID, ours or the server's, must not be reused for so long.
inline constexpr std::chrono::seconds kExchangeLifetime = coap::kExchangeLifetime;
/// A server may delay an ACK for so long, to piggyback the answer: the edge's default; RFC 7252
/// §5.2.1 leaves the time to servers.
inline constexpr std::chrono::seconds kPeerAckDelay{1};
/// From the last acknowledged step of a request to its answer: above every long-poll of Matrix.
inline constexpr std::chrono::seconds kAnswerTimeoutDefault{300};
/// A repeatable request that was acknowledged but not answered for so long is sent anew for smaller
/// blocks: by default the homeserver's time at the gateway is over after 90 s.
inline constexpr std::chrono::seconds kAnswerOverdue{100};
/// RFC 7641 §3.4: a notification this long after the last one is newer, whatever its number.
inline constexpr std::chrono::seconds kNotificationOrderLifetime{128};
/// A handshake without any data from the server for so long has failed; one with progress may last
/// longer (tls::kHandshakeLifeMax), since a flight with a chain takes minutes on the slowest links.
inline constexpr std::chrono::seconds kHandshakeTimeoutDefault{30};
/// The first wait of a handshake, while the link is unknown: CoAP's first ACK timeout (RFC 7252
/// §4.8), and enough for the cookie at 1,200 bit/s and 600 ms.
inline constexpr std::chrono::milliseconds kFirstHelloWait{2500};
/// Expected sizes from the server, headers included: one datagram of its first flight (the wait
/// starts again with each), and its last flight with a session ticket.
inline constexpr size_t kServerDatagramBytes = 1228;
inline constexpr size_t kServerLastFlightBytes = 350;

static_assert(kRequestsMax <= 65536 / 2, "tokens have two bytes at most");

}  // namespace lowband::client
