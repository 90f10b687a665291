// The limits of the message layer, in one place.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lowband::edge::message {

/// EXCHANGE_LIFETIME (RFC 7252 §4.8.2): how long a message ID names one message.
inline constexpr std::chrono::seconds kExchangeLifetime{247};
/// A run of message IDs is remembered until its last one is old; so IDs are kept for at most this
/// much longer than needed.
inline constexpr std::chrono::seconds kIdRunSpan{16};
/// Unused IDs of a client between used ones that are avoided like them.
inline constexpr uint16_t kIdGapMax = 8;
/// Runs remembered for one session: one each kIdRunSpan if the client counts its IDs up; if it
/// draws them at random, its last 256 IDs.
inline constexpr size_t kIdRunsMax = 256;
/// Requests of one session that wait for their answers. The request layer refuses far earlier;
/// requests beyond are dropped without an answer.
inline constexpr size_t kUnansweredPerSessionMax = 192;
/// CONs of one session that wait for their ACK, in place of NSTART (RFC 7252 §4.7): almost all of
/// them answer requests, whose number the client itself chose. An answer beyond is sent once, as
/// NON, and kept as if given up.
inline constexpr size_t kConfirmablesPerSessionMax = 32;
/// CONs of all sessions of the process while there are few; the rule is two for each session. About
/// 90 MB when each has a full block. When all are in use, the oldest of the network that has most
/// is given up early, first among unproven clients.
inline constexpr size_t kConfirmablesMin = 65'536;
/// CONs given up whose late acknowledgement is still recognised.
inline constexpr size_t kGivenUpPerSessionMax = 32;
/// A message of at most this size is small: with DTLS, UDP and IP it has at most 400 bytes, which
/// every path takes that takes a handshake.
inline constexpr size_t kSmallMessageBytes = 320;
/// A larger message that was sent again this often and is due again may be too large for its path.
inline constexpr unsigned kRepeatsInVain = 2;
/// The memory of a kept answer besides its bytes.
inline constexpr size_t kAnswerOverheadBytes = 128;
/// The upper bound for Config: each request is searched for among its session's kept answers.
inline constexpr size_t kAnswerBytesPerSessionMax = size_t{1} << 20;

static_assert(kIdRunsMax * kIdRunSpan > kExchangeLifetime,
              "a client that counts its message IDs up must be remembered in full");
static_assert(kConfirmablesPerSessionMax <= kConfirmablesMin);

}  // namespace lowband::edge::message
