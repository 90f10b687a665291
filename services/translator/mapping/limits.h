// The named maxima and margins of the mapping stage.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "libs/base/time.h"

namespace lowband::translator::mapping {

/// --trace-one-in: one request in so many is sampled.
inline constexpr uint64_t kTraceOneInMax = 1'000'000'000;

/// Uri-Path options of one request; the longest Matrix path has eight.
inline constexpr size_t kPathSegmentsMax = 64;
/// Uri-Query options of one request; a long sync filter is one long option, not many.
inline constexpr size_t kQueriesMax = 64;
/// Path and query together, percent-encoded. Homeservers and their proxies accept 8 KiB to 64 KiB;
/// filters in the query make them long.
inline constexpr size_t kTargetBytesMax = size_t{32} << 10;
/// The edge's limit for option 256.
inline constexpr size_t kTokenBytesMax = 4096;

/// Size of a request's body after inflate: four times the edge's limit of an uncompressed one.
/// Homeservers accept less from a phone.
inline constexpr size_t kInflatedBytesMax = size_t{1} << 20;

/// The longest next_batch that an observation can continue from. Those of homeservers with many
/// writers have some hundred bytes.
inline constexpr size_t kNextBatchBytesMax = 4096;
static_assert(3 * kNextBatchBytesMax < kTargetBytesMax, "it fits into the next target, encoded");

/// The positions that extensions of sliding sync have of their own, as a cursor holds them. Today
/// two have one, of some digits.
inline constexpr size_t kExtensionPositionsMax = 8;
inline constexpr size_t kExtensionNameBytesMax = 128;
inline constexpr size_t kExtensionPositionBytesMax = 256;

/// --request-timeout: how long a homeserver may take for an ordinary request. Requests for which a
/// busy one asks other servers take most of a minute.
inline constexpr Duration kRequestTimeout = std::chrono::seconds(90);
inline constexpr Duration kRequestTimeoutMin = std::chrono::seconds(1);
inline constexpr Duration kRequestTimeoutMax = std::chrono::hours(1);
/// Wait of an edge that does not send it; also the bound of joins and initial syncs, which have all
/// of the edge's time.
inline constexpr Duration kEdgeWaitDefault = std::chrono::seconds(200);
/// The longest wait that a client's `timeout` can request from the homeserver, and the wait of
/// every poll of an observation but the first.
inline constexpr Duration kPollWaitMax = std::chrono::seconds(60);
/// A long-poll may take so much longer than its requested wait.
inline constexpr Duration kPollMargin = std::chrono::seconds(15);
/// When the edge's deadline is nearer than that, the wait is cut so that this much time is left for
/// the answer.
inline constexpr Duration kPollMarginMin = std::chrono::seconds(5);
/// The homeserver's time ends this much before the edge's deadline (less for short deadlines), so
/// that the edge gets the error instead of making one itself.
inline constexpr Duration kAnswerMargin = std::chrono::seconds(1);

/// The client's wait after a 503 or 429 without a Retry-After.
inline constexpr uint32_t kRetryAfterDefaultSeconds = 5;
/// The client's wait after our own overload or an unreachable homeserver.
inline constexpr uint32_t kRetryAfterOverloadSeconds = 1;
/// The client's wait after a long-poll of an owner with too many.
inline constexpr uint32_t kRetryAfterTooManyPollsSeconds = 5;

/// A relayed document that is rewritten, before and after decompression; a larger one passes
/// unchanged. Homeservers' documents have some kilobytes.
inline constexpr size_t kRewriteBytesMax = size_t{1} << 20;
/// All such documents being received at once.
inline constexpr size_t kRewritesBytesMax = size_t{64} << 20;
static_assert(kRewriteBytesMax <= kRewritesBytesMax);

static_assert(kPollMarginMin < kPollMargin && kAnswerMargin < kPollMarginMin);
static_assert(kPollWaitMax + kPollMargin <= kRequestTimeout && kRequestTimeout < kEdgeWaitDefault);

}  // namespace lowband::translator::mapping
