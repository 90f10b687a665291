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

/// One answer's body, by default: as much as a translator accepts from a homeserver by default
/// (--upstream-max-body), so that neither limit is narrower. Initial syncs of large accounts have
/// tens of megabytes.
inline constexpr size_t kAnswerBytesDefault = 64 * 1024 * 1024;
/// All incomplete answers of a worker.
inline constexpr size_t kAnswersBytesMax = 256 * 1024 * 1024;
static_assert(kAnswerBytesDefault <= kAnswersBytesMax);

/// The least size of an answer's first piece by a window (if it is not all): the largest block.
inline constexpr size_t kFirstPieceMin = 1024;

/// Exchanges of a worker under way or waiting for a lane, by default. In an edge the limit is at
/// least that of the request layer, which refuses by its own limits.
inline constexpr size_t kExchangesMax = 64 * 1024;
/// Bytes of all requests of a worker that may still have to be written; as above.
inline constexpr size_t kRequestsBytesMax = 64 * 1024 * 1024;

/// Lanes of a worker that take requests.
inline constexpr size_t kLanesMax = 16;
/// All lanes of a worker, including those that only finish their exchanges.
inline constexpr size_t kLanesAliveMax = 8 * kLanesMax;
static_assert(kLanesMax < kLanesAliveMax);
/// With more lanes than this, the oldest lane that only finishes its exchanges is cut off: a slow
/// client's answer by a window can keep one for hours.
inline constexpr size_t kLanesLingeringMax = kLanesAliveMax - 2 * kLanesMax;

/// A stream that the translator has not accepted by then is given up.
inline constexpr Duration kOpenTimeout = std::chrono::seconds(5);
/// A half-closed stream that the translator has not ended by then is cut off.
inline constexpr Duration kFinishTimeout = std::chrono::seconds(5);

/// Streams of a transport, including those that were cut off and have not ended yet.
inline constexpr size_t kStreamsMax = 2 * kLanesAliveMax;
/// Events of one stream that can be undrained at one time: opened, read, written, ended.
inline constexpr size_t kStreamEventsMax = 4;

}  // namespace lowband::edge::uplink
