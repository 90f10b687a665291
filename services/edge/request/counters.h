// What the request layer of one worker counted since its start.
//
// Threading: written by the worker; whoever reads from another thread gets a copy made there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libs/base/duration_histogram.h"

namespace lowband::edge::request {

/// Why the edge answered a request itself.
enum class RefusalReason : uint8_t {
  kBadOption,     ///< Unknown critical option, or a known one with a bad value.
  kMethod,        ///< Method that is not served.
  kProxying,      ///< Proxy-Uri, Proxy-Scheme.
  kBlockMissing,  ///< Upload with a gap, or follow-up of a body that is not kept any more.
  kBadBlock,      ///< Block of the wrong length, or past the end.
  kTooLarge,      ///< Over request_body_bytes_max.
  kSessionLimit,  ///< Too many requests or uploads of one session.
  kOverload,      ///< Over a limit of the process.
  kMadeRoom,      ///< Under way or waiting, for others: its network had most, or its token.
  kNoAnswer,      ///< The uplink let the deadline pass.
  kAnswerLost,    ///< Carried out before; its answer had to make room.
  kBrokenOff,     ///< The rest of an answer by a window cannot be had.
  kCount,
};
constexpr size_t kRefusalReasons = static_cast<size_t>(RefusalReason::kCount);
inline constexpr std::array<std::string_view, kRefusalReasons> kRefusalReasonNames = {
    "bad_option",    "method",   "proxying",  "block_missing", "bad_block",   "too_large",
    "session_limit", "overload", "made_room", "no_answer",     "answer_lost", "broken_off",
};

/// Why a poll of an observation brought nothing to go by.
enum class PollFailure : uint8_t {
  kRefused,      ///< The homeserver's answer of class 4: a limit, a locked account.
  kUnavailable,  ///< No homeserver, or one that failed: class 5, and the translator's word.
  kUplink,       ///< No translator, none in time, or none that keeps the contract.
  kNoRoom,       ///< Here, for the poll or for the news.
  kCount,
};
constexpr size_t kPollFailures = static_cast<size_t>(PollFailure::kCount);
inline constexpr std::array<std::string_view, kPollFailures> kPollFailureNames = {
    "refused", "unavailable", "uplink", "no_room"};

struct Counters {
  uint64_t requests = 0;
  std::array<uint64_t, kRefusalReasons> refused{};
  uint64_t exchanges_started = 0;
  uint64_t requests_queued = 0;  ///< Had to wait until others had ended.
  uint64_t uploads_queued = 0;
  uint64_t exchanges_cancelled = 0;
  uint64_t exchanges_held = 0;     ///< Refused for want of a token that may be on its way.
  uint64_t exchanges_retried = 0;  ///< Again, with a token that came late.
  uint64_t answers = 0;
  uint64_t answers_late = 0;  ///< Their exchange was over.
  /// From a request's last block to the first of its answer, long-polls left out.
  BasicDurationHistogram<uint64_t> durations;

  uint64_t upload_blocks = 0;           ///< Answered by 2.31.
  uint64_t upload_blocks_repeated = 0;  ///< Of those: had been received before.
  uint64_t uploads_completed = 0;
  uint64_t uploads_abandoned = 0;  ///< Timed out, or begun anew.
  uint64_t uploads_evicted = 0;    ///< For lack of room, unfinished.

  uint64_t downloads = 0;            ///< Bodies kept.
  uint64_t download_blocks = 0;      ///< Blocks after the first.
  uint64_t downloads_finished = 0;   ///< Last block sent.
  uint64_t downloads_evicted = 0;    ///< For lack of room, unfinished.
  uint64_t downloads_abandoned = 0;  ///< Timed out or rejected, unfinished.

  uint64_t paths_narrowed = 0;       ///< Sessions that get small blocks only: larger ones got lost.
  uint64_t windows = 0;              ///< Answers that came by a window.
  uint64_t windows_broken = 0;       ///< Before their last piece.
  uint64_t windows_asked_again = 0;  ///< For their rest, or for what was passed.
  uint64_t windows_changed = 0;      ///< Of those: the body was another one.

  uint64_t observations = 0;            ///< Registered.
  uint64_t observations_refused = 0;    ///< Over a limit: answered once.
  uint64_t observations_replaced = 0;   ///< Registered anew under the same token.
  uint64_t observations_cancelled = 0;  ///< By Observe 1, RST or 4.08.
  uint64_t observations_ended = 0;      ///< By an error notification: their token was refused.
  uint64_t observations_made_room = 0;  ///< For others: not known, or a hog's.
  uint64_t observations_lost = 0;       ///< With their session.
  uint64_t polls = 0;                   ///< Sent to the uplink.
  std::array<uint64_t, kPollFailures> polls_failed{};
  uint64_t failures_told = 0;  ///< Observers told that their polls go on failing.
  uint64_t polls_unchanged = 0;
  uint64_t notifications = 0;               ///< Begun.
  uint64_t notifications_acknowledged = 0;  ///< Whole.
  uint64_t notifications_parked = 0;        ///< Their client was silent.
  uint64_t notifications_stalled = 0;       ///< Their client did not fetch the rest.

  uint64_t silent_asked = 0;          ///< Clients that had been silent for long: pinged.
  uint64_t silent_answered = 0;       ///< Of those.
  uint64_t silent_away = 0;           ///< Of those: not heard, neither.
  uint64_t silent_deferred = 0;       ///< No room for a ping, or it made room: asked later.
  uint64_t observations_parked = 0;   ///< Their clients were away: not polled for any more.
  uint64_t observations_revived = 0;  ///< They were heard again.

  uint64_t tokens_set = 0;
  uint64_t tokens_cleared = 0;
  uint64_t tokens_refused = 0;  ///< In force, by the homeserver.

  uint64_t sessions_proven = 0;  ///< The homeserver took a token of theirs.
  uint64_t polls_grown = 0;      ///< Requests that waited so long that they count as polls.
};

}  // namespace lowband::edge::request
