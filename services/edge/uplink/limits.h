// The limits of the uplink, in one place.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "libs/base/time.h"
#include "libs/grpc/contract.h"

namespace lowband::edge::uplink {

using contract::kBatchFramesMax;
using contract::kChunkBytesMax;
using contract::kMessageBytesMax;
using contract::kRequestHeadBytesMax;

/// One answer's body, unless an operator says otherwise: what a translator takes from a homeserver
/// by default (--upstream-max-body), so that neither limit is the narrower one. Initial syncs of
/// large accounts have tens of megabytes.
inline constexpr size_t kAnswerBytesDefault = 64 * 1024 * 1024;
/// All answers of a worker that are incomplete.
inline constexpr size_t kAnswersBytesMax = 256 * 1024 * 1024;
static_assert(kAnswerBytesDefault <= kAnswersBytesMax);

/// The first piece of an answer by a window has so much, if there is so much: the largest block.
inline constexpr size_t kFirstPieceMin = 1024;

/// Exchanges of a worker under way or waiting for a lane, unless Config says otherwise. In an edge
/// it is no less than what the request layer lets through, which refuses by its own limits.
inline constexpr size_t kExchangesMax = 64 * 1024;
/// All requests of a worker that may still have to be written; the same holds of it.
inline constexpr size_t kRequestsBytesMax = 64 * 1024 * 1024;

/// Lanes of a worker that take requests.
inline constexpr size_t kLanesMax = 16;
/// All lanes of a worker, those that only finish what they have included.
inline constexpr size_t kLanesAliveMax = 8 * kLanesMax;
static_assert(kLanesMax < kLanesAliveMax);
/// With more lanes than this, the oldest of those that only finish what they have is cut off: a
/// slow client's answer by a window can keep one for hours.
inline constexpr size_t kLanesLingeringMax = kLanesAliveMax - 2 * kLanesMax;

/// A stream that the translator has not accepted by then is given up.
inline constexpr Duration kOpenTimeout = std::chrono::seconds(5);
/// A half-closed stream that the translator has not ended by then is cut off.
inline constexpr Duration kFinishTimeout = std::chrono::seconds(5);

/// Streams of a transport, those that were cut off and have yet to end included.
inline constexpr size_t kStreamsMax = 2 * kLanesAliveMax;
/// What a stream can have told at one time that was not looked at: opened, read, written, ended.
inline constexpr size_t kStreamEventsMax = 4;

}  // namespace lowband::edge::uplink
