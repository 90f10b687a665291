// The limits of the request layer, in one place. The limits that an operator can set are in
// config.h.
#pragma once

#include <chrono>
#include <cstddef>

#include "libs/coap/limits.h"
#include "services/edge/message/limits.h"

namespace lowband::edge::request {

/// The size of an access token. Tokens of homeservers are below 300 bytes, JWTs below 2 KiB.
inline constexpr size_t kAccessTokenBytesMax = 4096;
/// Changes of a session's token that are remembered, for records that arrive out of order.
inline constexpr size_t kTokenChangesMax = 8;
/// A record this far behind the newest one is dropped as a replay (RFC 6347 §4.1.2.6).
inline constexpr uint64_t kReplayWindowRecords = 64;
/// After a client has connected or logged in, its token is expected for this long.
inline constexpr std::chrono::seconds kTokenExpected{60};
/// A request that has waited for this long counts as a long poll, and no more as a short request.
/// While the edge drains, this holds only for GET, PUT and DELETE.
inline constexpr std::chrono::seconds kPollAge{5};
/// Requests of one session that wait for their answers; an upper bound for Config.
inline constexpr size_t kExchangesPerSessionMax = 48;

/// This many places (bytes) that were freed stay booked for the next requests (ledger_share.h).
inline constexpr size_t kSparePlaces = 256;
inline constexpr size_t kSpareBytes = size_t{64} << 10;
/// Bytes of path, queries and token that a request may have for each place that it takes.
inline constexpr size_t kHeadBytesPerPlace = 1024;
/// The largest head: a whole record, a token, and the fields that the edge adds for the translator.
inline constexpr size_t kHeadBytesMax = 16 * 1024;
static_assert(kHeadBytesMax >= coap::kMessageBytesMax + kAccessTokenBytesMax);
/// Limits that scale with the number of sessions assume at least this many.
inline constexpr size_t kSessionsScaleMin = 4096;
/// A request that waits for a place tries again after this time: other requests may have ended.
inline constexpr std::chrono::milliseconds kLineRetry{100};
/// After this many failed tries in a row, the turn ends.
inline constexpr size_t kLineTriesMax = 4;

/// Requests and uploads of one session that wait until other ones of the session have ended.
inline constexpr size_t kWaitingPerSessionMax = 128;
/// They wait for at most this long; then they are refused with 429.
inline constexpr std::chrono::seconds kWaitMax{30};
/// An upload without a new block for this long no longer keeps others from starting. It continues
/// when the block comes: deployed clients repeat a lost one after 9 s.
inline constexpr std::chrono::seconds kUploadQuiet{5};

/// From one block of an upload to the next; deployed clients give up after 36 s.
inline constexpr std::chrono::seconds kUploadGap{60};
/// Unfinished uploads kept for a session, as a multiple of uploads_per_session_max. Above it, the
/// upload that has been silent longest is dropped.
inline constexpr size_t kUploadsKeptFactor = 2;
/// An upload must bring this many bytes in each such time, so that a slow sender cannot hold memory
/// for long. The slowest links in use bring thirty times as many.
inline constexpr size_t kUploadProgressBytes = 1024;
inline constexpr std::chrono::seconds kUploadProgressTime{300};

/// Downloads up to this size are small: a session may have as many as requests in flight. Otherwise
/// parallel requests for bodies a little larger than a block would keep evicting each other's
/// answers.
inline constexpr size_t kSmallDownloadBytes = 32 * 1024;

/// The part of an answer by a window that is kept: 64 blocks, some seconds of a slow link.
inline constexpr size_t kAnswerWindowDefault = size_t{64} << 10;
inline constexpr size_t kAnswerWindowMin = size_t{8} << 10;
inline constexpr size_t kAnswerWindowMax = size_t{16} << 20;
/// Room for the largest block, and for blocks that the client may have lost.
static_assert(kAnswerWindowMin >= 8 * 1024);
/// Requests for blocks of one download that may wait; clients ask for one after another.
inline constexpr size_t kAwaitedBlocksMax = 4;
/// A translator sends the next piece within this time after it got credit.
inline constexpr std::chrono::seconds kPieceWait{30};
/// A request for a passed block is a late copy if its message ID is this far behind.
inline constexpr int kOldCopyIds = 4096;
/// A request is repeated for the rest of its answer this many times in a row without a new block.
inline constexpr unsigned kAskedAgainMax = 2;

/// An unfinished download ends this long after the last request for a block.
inline constexpr std::chrono::seconds kDownloadLifetime{300};
/// A finished download ends this long after its last block, so that blocks can be repeated.
inline constexpr std::chrono::seconds kFinishedDownloadLifetime{30};
/// A download is not ended for another one of its network this soon after its last block.
inline constexpr std::chrono::seconds kDownloadSheltered{10};
/// Entity tags count transfers; this many bytes of the count suffice for a session's lifetime.
inline constexpr size_t kEntityTagBytes = 3;

/// The uplink answers each exchange by its deadline. If it does not, the request layer answers this
/// much later.
inline constexpr std::chrono::seconds kExchangeGrace{5};
/// The largest --exchange-timeout. While a request is under way its message ID must not be used
/// again, and an answer must be kept for as long as its client may repeat the request.
inline constexpr std::chrono::seconds kExchangeTimeoutMax{200};

/// Observations of one session, an upper bound for Config: each may have a CON under way.
inline constexpr size_t kObservationsPerSessionMax = 16;
/// The body of a request to observe, which is kept for its polls. A longer one gets one answer.
/// Clients of sliding sync send about 1 KB, and some 50 bytes for each room they name.
inline constexpr size_t kObservedBodyBytesMax = size_t{16} << 10;
/// The size of an observation's cursor; homeservers' sync tokens are below 300 bytes.
inline constexpr size_t kCursorBytesMax = 8192;
/// A client that has the first block of a notification asks for the next one within this.
inline constexpr std::chrono::seconds kNotificationGap{60};
/// The wait after a failed poll, doubled each time.
inline constexpr std::chrono::seconds kPollBackoffMin{2};
inline constexpr std::chrono::seconds kPollBackoffMax{60};
/// After this many failed polls in a row, some 20 s, the observer gets an error notification.
inline constexpr unsigned kPollFailuresTold = 5;
/// The longest wait that a homeserver can impose on a poll.
inline constexpr std::chrono::seconds kRetryAfterMax{600};
/// The wait before a notification is sent again because its client did not fetch its blocks.
inline constexpr std::chrono::seconds kStallBackoffMin{60};
inline constexpr std::chrono::seconds kStallBackoffMax{960};
/// After empty polls that end sooner than this, the next poll is delayed, up to kPollPaceMax.
inline constexpr std::chrono::seconds kPollPaceMin{1};
inline constexpr std::chrono::seconds kPollPaceMax{30};

/// A client from which nothing came for this long is silent: longer than any poll takes; clients
/// that ping do so each minute. Doubled after each answer to a ping of the edge, up to...
inline constexpr std::chrono::minutes kSilence{10};
/// ...this (RFC 7641 §4.5: once in 24 h at least).
inline constexpr std::chrono::minutes kSilenceMax{160};
/// Pings under way in a worker; without room for one, it is tried again after kPingRetry.
inline constexpr size_t kPingsMax = 4096;
inline constexpr std::chrono::seconds kPingRetry{30};
/// Sessions checked in one turn of a worker; sessions of a client checked when a new one begins.
inline constexpr size_t kSilenceChecksPerTurn = 64;
inline constexpr size_t kNamesakesLookedAt = 64;

/// The rest of an answer from which its blocks go as CON: an empty ACK in each direction, 140 bytes
/// with DTLS and UDP, is then below 2 % of it.
inline constexpr size_t kChainedBytesMin = 8192;

/// Blocks on a path that takes only small datagrams: 256 bytes.
inline constexpr uint8_t kSmallSzx = 4;
/// Bytes of a block's message besides its payload, at most.
inline constexpr size_t kBlockOverheadBytes = 64;
static_assert((size_t{16} << kSmallSzx) + kBlockOverheadBytes <= message::kSmallMessageBytes);

/// The wait that a client is asked for when the edge is over a limit.
inline constexpr std::chrono::seconds kRetryAfter{1};

static_assert(kExchangesPerSessionMax + kWaitingPerSessionMax < message::kUnansweredPerSessionMax,
              "the message layer must hand up what this layer refuses");
static_assert(kObservationsPerSessionMax < message::kConfirmablesPerSessionMax);
static_assert(kExchangeTimeoutMax + kExchangeGrace + kWaitMax <= message::kExchangeLifetime);
static_assert(kUploadGap <= kUploadProgressTime);
static_assert(kFinishedDownloadLifetime <= kDownloadLifetime);
static_assert(kSilence > kExchangeTimeoutMax + kExchangeGrace);
static_assert(kSilenceMax >= kSilence && kSilenceMax <= std::chrono::hours(24));
static_assert(kPingsMax * 16 <= message::kConfirmablesMin, "answers and news have the rest");

}  // namespace lowband::edge::request
