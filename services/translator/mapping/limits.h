// The named maxima and margins of the mapping stage.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "libs/base/time.h"

namespace lowband::translator::mapping {

/// --trace-one-in: one sampled request in so many.
inline constexpr uint64_t kTraceOneInMax = 1'000'000'000;

/// Uri-Path options of one request; the longest Matrix path has eight.
inline constexpr size_t kPathSegmentsMax = 64;
/// Uri-Query options of one request; a long sync filter is one long option, not many.
inline constexpr size_t kQueriesMax = 64;
/// Path and query together, percent-encoded. Homeservers and the proxies before them take 8 KiB to
/// 64 KiB; a filter in the query is what makes them long.
inline constexpr size_t kTargetBytesMax = size_t{32} << 10;
/// What the edge accepts for option 256.
inline constexpr size_t kTokenBytesMax = 4096;

/// What a request's body under deflate may become: four times what the edge lets come of one that
/// is not. Homeservers take less of a phone.
inline constexpr size_t kInflatedBytesMax = size_t{1} << 20;

/// The longest next_batch that an observation goes on from. Those of homeservers with many writers
/// have some hundred bytes.
inline constexpr size_t kNextBatchBytesMax = 4096;
static_assert(3 * kNextBatchBytesMax < kTargetBytesMax, "it fits into the next target, encoded");

/// --request-timeout: how long a homeserver may take for an ordinary request. Those of a busy one
/// that asks other servers take most of a minute.
inline constexpr Duration kRequestTimeout = std::chrono::seconds(90);
inline constexpr Duration kRequestTimeoutMin = std::chrono::seconds(1);
inline constexpr Duration kRequestTimeoutMax = std::chrono::hours(1);
/// How long an edge waits that does not say it; also what bounds joins and initial syncs, which
/// have all of the edge's time.
inline constexpr Duration kEdgeWaitDefault = std::chrono::seconds(200);
/// The longest wait that a client's own `timeout` can ask of the homeserver, and the one that every
/// poll of an observation but the first asks.
inline constexpr Duration kPollWaitMax = std::chrono::seconds(60);
/// A long-poll may take this much longer than the wait it asked for.
inline constexpr Duration kPollMargin = std::chrono::seconds(15);
/// When the edge's deadline is nearer than that, the wait is cut so that this much is left for the
/// answer to be made and sent.
inline constexpr Duration kPollMarginMin = std::chrono::seconds(5);
/// The homeserver's time ends this much before the edge's deadline (less for short deadlines), so
/// that the edge gets the error instead of making one itself.
inline constexpr Duration kAnswerMargin = std::chrono::seconds(1);

/// What a 503 or 429 without any hint tells the client to wait.
inline constexpr uint32_t kRetryAfterDefaultSeconds = 5;
/// What our own overload or an unreachable homeserver tells it.
inline constexpr uint32_t kRetryAfterOverloadSeconds = 1;
/// What a long-poll is told whose owner has too many.
inline constexpr uint32_t kRetryAfterTooManyPollsSeconds = 5;

/// A relayed document that is rewritten, before and after decompression; a larger one passes as it
/// is. Those of homeservers have some kilobytes.
inline constexpr size_t kRewriteBytesMax = size_t{1} << 20;
/// All such documents that are being received together.
inline constexpr size_t kRewritesBytesMax = size_t{64} << 20;
static_assert(kRewriteBytesMax <= kRewritesBytesMax);

static_assert(kPollMarginMin < kPollMargin && kAnswerMargin < kPollMarginMin);
static_assert(kPollWaitMax + kPollMargin <= kRequestTimeout && kRequestTimeout < kEdgeWaitDefault);

}  // namespace lowband::translator::mapping
