// The limits of the request layer, in one place. Those an operator may want to move are in
// config.h.
#pragma once

#include <chrono>
#include <cstddef>

#include "libs/coap/limits.h"
#include "services/edge/message/limits.h"

namespace lowband::edge::request {

/// An access token. Homeservers' are below 300 bytes, JWTs below 2 KiB.
inline constexpr size_t kAccessTokenBytesMax = 4096;
/// Changes of the token that are remembered of one session, for records that were overtaken.
inline constexpr size_t kTokenChangesMax = 8;
/// A record so far behind the newest one is dropped as a replay (RFC 6347 §4.1.2.6).
inline constexpr uint64_t kReplayWindowRecords = 64;
/// A client that has just connected or logged in has a token, or will have one in a moment.
inline constexpr std::chrono::seconds kTokenExpected{60};
/// A request that has waited for so long is taken for a long poll: it counts to those, and no more
/// to the short ones. When the edge stops that is so of GET, PUT and DELETE.
inline constexpr std::chrono::seconds kPollAge{5};
/// Requests of one session that wait for their answers, whatever Config says.
inline constexpr size_t kExchangesPerSessionMax = 48;

/// Of the places that were taken last, so many stay booked for what comes next (ledger_share.h).
inline constexpr size_t kSparePlaces = 256;
inline constexpr size_t kSpareBytes = size_t{64} << 10;
/// What the head of a request may have for each place that it takes: path, queries, token.
inline constexpr size_t kHeadBytesPerPlace = 1024;
/// What a head has at most: all of a record, a token, and what goes with it to a translator.
inline constexpr size_t kHeadBytesMax = 16 * 1024;
static_assert(kHeadBytesMax >= coap::kMessageBytesMax + kAccessTokenBytesMax);
/// Fewer sessions than this get no fewer places.
inline constexpr size_t kSessionsScaleMin = 4096;
/// A request that waits for a place is looked at again so often: others may have given theirs back.
inline constexpr std::chrono::milliseconds kLineRetry{100};
/// In a row so many that find no place are enough of a look.
inline constexpr size_t kLineTriesMax = 4;

/// Requests and uploads of one session that wait until others of it have ended.
inline constexpr size_t kWaitingPerSessionMax = 128;
/// They wait so long, and are told to come later then.
inline constexpr std::chrono::seconds kWaitMax{30};
/// An upload whose next block does not come within this keeps no other from starting. It goes on
/// when the block comes: deployed clients repeat a lost one after 9 s.
inline constexpr std::chrono::seconds kUploadQuiet{5};

/// From one block of an upload to the next; deployed clients give up after 36 s.
inline constexpr std::chrono::seconds kUploadGap{60};
/// Unfinished uploads of a session that are kept, times uploads_per_session_max; the one that was
/// silent longest goes when there are more.
inline constexpr size_t kUploadsKeptFactor = 2;
/// An upload must bring so many bytes in each such time, so that nobody holds memory by trickling.
/// The slowest links that anybody uses bring thirty times as many.
inline constexpr size_t kUploadProgressBytes = 1024;
inline constexpr std::chrono::seconds kUploadProgressTime{300};

/// Downloads up to this size are small: a session may have as many as requests in flight. Else
/// parallel requests for what is somewhat larger than a block would push out each other's answers
/// for ever.
inline constexpr size_t kSmallDownloadBytes = 32 * 1024;

/// What is kept of an answer by a window: 64 blocks, some seconds of a slow link.
inline constexpr size_t kAnswerWindowDefault = size_t{64} << 10;
inline constexpr size_t kAnswerWindowMin = size_t{8} << 10;
inline constexpr size_t kAnswerWindowMax = size_t{16} << 20;
/// The largest block, and what its client may have lost: the rest is to come meanwhile.
static_assert(kAnswerWindowMin >= 8 * 1024);
/// Blocks of one download that are waited for; clients ask for one after another.
inline constexpr size_t kAwaitedBlocksMax = 4;
/// A translator that was given credit goes on within this.
inline constexpr std::chrono::seconds kPieceWait{30};
/// A request for a passed block whose message ID is so many behind is a late copy.
inline constexpr int kOldCopyIds = 4096;
/// A request is sent again so often in a row, for the rest of its answer, without bringing a block.
inline constexpr unsigned kAskedAgainMax = 2;

/// From the last block asked for to the end of a download that its client left unfinished.
inline constexpr std::chrono::seconds kDownloadLifetime{300};
/// The same after the last block was sent: for a client that comes back to an earlier one.
inline constexpr std::chrono::seconds kFinishedDownloadLifetime{30};
/// A download is not ended for another of its network this soon after its last block.
inline constexpr std::chrono::seconds kDownloadSheltered{10};
/// Entity tags count transfers; this many bytes of the count are enough for a session's lifetime.
inline constexpr size_t kEntityTagBytes = 3;

/// The uplink answers each exchange by its deadline. When it does not, this much later the request
/// layer does.
inline constexpr std::chrono::seconds kExchangeGrace{5};
/// --exchange-timeout at most. The message ID of a request must not come round while the request
/// is under way, nor the answer be forgotten before a client could have repeated it.
inline constexpr std::chrono::seconds kExchangeTimeoutMax{200};

/// Observations of one session, whatever Config says: each may have a CON under way.
inline constexpr size_t kObservationsPerSessionMax = 16;
/// What an observation's next poll goes by; homeservers' sync tokens are below 300 bytes.
inline constexpr size_t kCursorBytesMax = 8192;
/// A client that has the first block of a notification asks for the next one within this.
inline constexpr std::chrono::seconds kNotificationGap{60};
/// The wait after a poll that failed, doubled each time.
inline constexpr std::chrono::seconds kPollBackoffMin{2};
inline constexpr std::chrono::seconds kPollBackoffMax{60};
/// The observer is told of the failure when so many polls in a row have failed: after some 20 s.
inline constexpr unsigned kPollFailuresTold = 5;
/// A homeserver may tell a poll to wait, but not for longer.
inline constexpr std::chrono::seconds kRetryAfterMax{600};
/// The same before a notification whose blocks the client did not fetch goes out again.
inline constexpr std::chrono::seconds kStallBackoffMin{60};
inline constexpr std::chrono::seconds kStallBackoffMax{960};
/// Polls that come back empty sooner than this are paced, up to kPollPaceMax.
inline constexpr std::chrono::seconds kPollPaceMin{1};
inline constexpr std::chrono::seconds kPollPaceMax{30};

/// A client from which nothing has come for so long is silent. Longer than any poll takes; those
/// that ping do so each minute. After each answer to a ping of ours twice as long, up to...
inline constexpr std::chrono::minutes kSilence{10};
/// ...this (RFC 7641 §4.5: once in 24 h at least).
inline constexpr std::chrono::minutes kSilenceMax{160};
/// Pings under way, of all sessions of a worker; who finds no room is looked at again after this.
inline constexpr size_t kPingsMax = 4096;
inline constexpr std::chrono::seconds kPingRetry{30};
/// Sessions looked at in one turn of a worker, and of one token for each new session of it.
inline constexpr size_t kSilenceChecksPerTurn = 64;
inline constexpr size_t kNamesakesLookedAt = 64;

/// What is left of an answer when its blocks begin to go as CON: an empty ACK at each end, 140
/// bytes with DTLS and UDP, are then under 2 % of it.
inline constexpr size_t kChainedBytesMin = 8192;

/// Blocks on a path that takes only small datagrams: 256 bytes.
inline constexpr uint8_t kSmallSzx = 4;
/// What a block's message has at most besides its payload.
inline constexpr size_t kBlockOverheadBytes = 64;
static_assert((size_t{16} << kSmallSzx) + kBlockOverheadBytes <= message::kSmallMessageBytes);

/// What clients are told to wait when the edge is over a limit.
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
