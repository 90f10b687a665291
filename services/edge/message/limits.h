// The limits of the message layer, in one place.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lowband::edge::message {

/// EXCHANGE_LIFETIME (RFC 7252 §4.8.2): how long a message ID names one message.
inline constexpr std::chrono::seconds kExchangeLifetime{247};
/// A run of message IDs is remembered until its last one is old; none is kept longer than this
/// beyond its time.
inline constexpr std::chrono::seconds kIdRunSpan{16};
/// IDs that a client left out and that are avoided like those around them.
inline constexpr uint16_t kIdGapMax = 8;
/// Runs remembered of one session: one each kIdRunSpan for a client that counts its IDs up, and
/// for one that draws them at random the last 256 IDs.
inline constexpr size_t kIdRunsMax = 256;
/// Requests of one session that wait for their answers. The request layer refuses far earlier;
/// what comes beyond is dropped without a word.
inline constexpr size_t kUnansweredPerSessionMax = 192;
/// CONs of ours in one session that wait for their ACK. It stands in for NSTART (RFC 7252 §4.7):
/// almost all of them answer requests, of which the client itself chose how many it sends at once.
/// An answer beyond goes once, as NON, and is kept like one that was given up.
inline constexpr size_t kConfirmablesPerSessionMax = 32;
/// The same, of all sessions of the process, for however few sessions: two for each session is the
/// rule. About 90 MB when each carries a full block. When they are taken, the oldest of the network
/// that has most is given up early, those of clients that the homeserver does not know first.
inline constexpr size_t kConfirmablesMin = 65'536;
/// Our own CONs that were given up and whose late acknowledgement would still be understood.
inline constexpr size_t kGivenUpPerSessionMax = 32;
/// A message of so many bytes is small: with DTLS, UDP and IP it has at most 400, which every path
/// takes that takes a handshake.
inline constexpr size_t kSmallMessageBytes = 320;
/// A larger one that was sent again so often, and is due once more, may be too large for its path.
inline constexpr unsigned kRepeatsInVain = 2;
/// What a stored answer costs besides its bytes.
inline constexpr size_t kAnswerOverheadBytes = 128;
/// The most that Config may allow: each request of a session is looked for among the answers kept.
inline constexpr size_t kAnswerBytesPerSessionMax = size_t{1} << 20;

static_assert(kIdRunsMax * kIdRunSpan > kExchangeLifetime,
              "a client that counts its message IDs up must be remembered in full");
static_assert(kConfirmablesPerSessionMax <= kConfirmablesMin);

}  // namespace lowband::edge::message
