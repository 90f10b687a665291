// The limits of the ingress, in one place.
#pragma once

#include <chrono>
#include <cstddef>

#include "libs/base/time.h"
#include "libs/grpc/contract.h"

namespace lowband::translator::ingress {

/// Lanes of all edges together; each is a stream of an edge's worker.
inline constexpr size_t kLanesMax = 8192;
/// Exchanges of one lane that have a whole request and no answer. At this many the lane is not
/// read until some are answered.
inline constexpr size_t kExchangesPerLaneMax = 8192;
/// Exchanges of all lanes; each is a request at the homeserver. Further ones are refused.
inline constexpr size_t kExchangesMax = 64 * 1024;
static_assert(kExchangesPerLaneMax <= kExchangesMax);

/// Requests of one lane whose bodies are incomplete.
inline constexpr size_t kPartialsPerLaneMax = 1024;
/// The edge's own limit on a request's body is 256 KiB; one chunk of margin.
inline constexpr size_t kRequestBytesDefault = 256 * 1024 + contract::kChunkBytesMax;
/// Incomplete requests of all lanes.
inline constexpr size_t kRequestsBytesMax = 256 * 1024 * 1024;
static_assert(kRequestBytesDefault <= kRequestsBytesMax);

/// Answers of one lane that wait to be written. At this much the lane is not read.
inline constexpr size_t kAnswersPerLaneBytesMax = 16 * 1024 * 1024;
/// Answers of all lanes that wait to be written. Further ones are replaced by an error.
inline constexpr size_t kAnswersBytesMax = 256 * 1024 * 1024;
static_assert(kAnswersPerLaneBytesMax <= kAnswersBytesMax);

/// --answer-hold: answers by a window that wait for their clients, of all lanes: 256 of 1 MiB each.
/// Those below an edge's window never count.
inline constexpr size_t kAnswersHeldBytesDefault = size_t{256} << 20;
inline constexpr size_t kAnswersHeldBytesMax = size_t{64} << 30;

/// Relayed transfers at once; each is a connection to the homeserver and holds some pieces of
/// kChunkBytesMax while data moves; 19 KiB while it waits. Further ones are refused. More than an
/// edge has connections, so that one whose connection made room for another has time to go.
inline constexpr size_t kRelaysDefault = 24'576;
inline constexpr size_t kRelaysMax = 65'536;
static_assert(kRelaysDefault <= kRelaysMax);

/// A network with more than this share of them gives up one of its own, the oldest, when they are
/// all taken and another network asks.
inline constexpr size_t kHeavyShare = 8;

/// Streams that carry relays, many each, of all edges together; further ones are refused. Each
/// costs 16 KiB, and lives no longer than 10 s and its longest relay.
inline constexpr size_t kRelayLanesMax = 16'384;

/// How often the process is seen to be awake.
inline constexpr Duration kTickInterval = std::chrono::seconds(1);
/// Not seen for so long, it was asleep (awake.h): the soonest that an edge can take it for dead is
/// when a ping stays without its answer that was sent as it fell asleep.
inline constexpr Duration kSleepMin = contract::kKeepaliveTimeout;
static_assert(2 * kTickInterval < kSleepMin);

/// How long a translator that drains goes on to refuse calls in so many words, so that their edges
/// ask another. After it gRPC itself refuses, and of a call that it refuses nobody can say if it
/// was looked at. Many round trips: edges choose others as soon as they hear of the drain.
inline constexpr Duration kFarewell = std::chrono::milliseconds(500);

}  // namespace lowband::translator::ingress
