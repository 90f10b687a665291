// The counters of the request layer of one worker, since its start.
//
// Threading: written by the worker; other threads read copies that the worker makes.
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
  kMethod,        ///< Unsupported method.
  kProxying,      ///< Proxy-Uri, Proxy-Scheme.
  kBlockMissing,  ///< Upload with a gap, or follow-up of a body that is no longer kept.
  kBadBlock,      ///< Block of the wrong length, or past the end.
  kTooLarge,      ///< Over request_body_bytes_max.
  kSessionLimit,  ///< Too many requests or uploads of one session.
  kOverload,      ///< Over a limit of the process.
  kMadeRoom,      ///< Ended for others: its network, or its token, had most.
  kNoAnswer,      ///< The uplink let the deadline pass.
  kAnswerLost,    ///< Carried out before; its answer has made room.
  kBrokenOff,     ///< The rest of an answer by a window is not available.
  kCount,
};
constexpr size_t kRefusalReasons = static_cast<size_t>(RefusalReason::kCount);
inline constexpr std::array<std::string_view, kRefusalReasons> kRefusalReasonNames = {
    "bad_option",    "method",   "proxying",  "block_missing", "bad_block",   "too_large",
    "session_limit", "overload", "made_room", "no_answer",     "answer_lost", "broken_off",
};

/// Why a poll of an observation failed.
enum class PollFailure : uint8_t {
  kRefused,      ///< The homeserver's answer of class 4: a limit, a locked account.
  kUnavailable,  ///< No homeserver, or it failed: class 5, as reported by the translator.
  kUplink,       ///< No translator, no answer in time, or an invalid one.
  kNoRoom,       ///< At the edge, for the poll or for its answer.
  kCount,
};
constexpr size_t kPollFailures = static_cast<size_t>(PollFailure::kCount);
inline constexpr std::array<std::string_view, kPollFailures> kPollFailureNames = {
    "refused", "unavailable", "uplink", "no_room"};

struct Counters {
  uint64_t requests = 0;
  std::array<uint64_t, kRefusalReasons> refused{};
  uint64_t exchanges_started = 0;
  uint64_t requests_queued = 0;  ///< Had to wait for others to end.
  uint64_t uploads_queued = 0;
  uint64_t exchanges_cancelled = 0;
  uint64_t exchanges_held = 0;     ///< Refused without a token, which may be on its way.
  uint64_t exchanges_retried = 0;  ///< Sent again with a token that came late.
  uint64_t answers = 0;
  uint64_t answers_late = 0;  ///< Their exchange was over.
  /// From a request's last block to the first of its answer, without long polls.
  BasicDurationHistogram<uint64_t> durations;

  uint64_t upload_blocks = 0;           ///< Answered by 2.31.
  uint64_t upload_blocks_repeated = 0;  ///< Of those: received before.
  uint64_t uploads_completed = 0;
  uint64_t uploads_abandoned = 0;  ///< Timed out, or begun anew.
  uint64_t uploads_evicted = 0;    ///< For lack of room, unfinished.

  uint64_t downloads = 0;            ///< Bodies kept.
  uint64_t download_blocks = 0;      ///< Blocks after the first.
  uint64_t downloads_finished = 0;   ///< Last block sent.
  uint64_t downloads_evicted = 0;    ///< For lack of room, unfinished.
  uint64_t downloads_abandoned = 0;  ///< Timed out or rejected, unfinished.

  uint64_t paths_narrowed = 0;       ///< Sessions that get only small blocks: larger ones got lost.
  uint64_t windows = 0;              ///< Answers that came by a window.
  uint64_t windows_broken = 0;       ///< Before their last piece.
  uint64_t windows_asked_again = 0;  ///< For the rest, or for passed bytes.
  uint64_t windows_changed = 0;      ///< Of those: the body had changed.

  uint64_t observations = 0;            ///< Registered.
  uint64_t observations_refused = 0;    ///< Over a limit: answered once.
  uint64_t observations_replaced = 0;   ///< Registered anew under the same token.
  uint64_t observations_cancelled = 0;  ///< By Observe 1, RST or 4.08.
  uint64_t observations_ended = 0;      ///< By an error notification: their token was refused.
  uint64_t observations_made_room = 0;  ///< For others: unproven, or of a hog.
  uint64_t observations_lost = 0;       ///< With their session.
  uint64_t polls = 0;                   ///< Sent to the uplink.
  std::array<uint64_t, kPollFailures> polls_failed{};
  uint64_t failures_told = 0;  ///< Error notifications about polls that fail.
  uint64_t polls_unchanged = 0;
  uint64_t notifications = 0;               ///< Begun.
  uint64_t notifications_acknowledged = 0;  ///< Whole.
  uint64_t notifications_parked = 0;        ///< Their client did not answer.
  uint64_t notifications_stalled = 0;       ///< Their client did not fetch the rest.

  uint64_t silent_asked = 0;          ///< Silent clients that were pinged.
  uint64_t silent_answered = 0;       ///< Of those.
  uint64_t silent_away = 0;           ///< Of those: sent nothing at all.
  uint64_t silent_deferred = 0;       ///< No room for a ping, or it made room: pinged later.
  uint64_t observations_parked = 0;   ///< Their client was away: polling stopped.
  uint64_t observations_revived = 0;  ///< Their client sent something again.

  uint64_t tokens_set = 0;
  uint64_t tokens_cleared = 0;
  uint64_t tokens_refused = 0;  ///< Tokens in force, by the homeserver.

  uint64_t sessions_proven = 0;  ///< The homeserver accepted their token.
  uint64_t polls_grown = 0;      ///< Requests that waited for kPollAge and count as polls.
};

}  // namespace lowband::edge::request
