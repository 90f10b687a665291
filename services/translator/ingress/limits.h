// The limits of the ingress, in one place.
#pragma once

#include <chrono>
#include <cstddef>

#include "libs/base/time.h"
#include "libs/grpc/contract.h"

namespace lowband::translator::ingress {

/// Lanes of all edges together; each is a stream of an edge's worker.
inline constexpr size_t kLanesMax = 8192;
/// Exchanges of one lane with a complete request and no answer. At this number the lane is not read
/// until some are answered.
inline constexpr size_t kExchangesPerLaneMax = 8192;
/// Exchanges of all lanes; each is a request at the homeserver. More are refused.
inline constexpr size_t kExchangesMax = 64 * 1024;
static_assert(kExchangesPerLaneMax <= kExchangesMax);

/// Requests of one lane whose bodies are incomplete.
inline constexpr size_t kPartialsPerLaneMax = 1024;
/// The edge's own limit on a request's body is 256 KiB; one chunk of margin.
inline constexpr size_t kRequestBytesDefault = 256 * 1024 + contract::kChunkBytesMax;
/// Incomplete requests of all lanes.
inline constexpr size_t kRequestsBytesMax = 256 * 1024 * 1024;
static_assert(kRequestBytesDefault <= kRequestsBytesMax);

/// Bytes of answers of one lane that wait to be written. At this size the lane is not read.
inline constexpr size_t kAnswersPerLaneBytesMax = 16 * 1024 * 1024;
/// Bytes of answers of all lanes that wait to be written. More are replaced by an error.
inline constexpr size_t kAnswersBytesMax = 256 * 1024 * 1024;
static_assert(kAnswersPerLaneBytesMax <= kAnswersBytesMax);

/// --answer-hold: answers by a window that wait for their clients, of all lanes: 256 of 1 MiB each.
/// Answers below an edge's window never count.
inline constexpr size_t kAnswersHeldBytesDefault = size_t{256} << 20;
inline constexpr size_t kAnswersHeldBytesMax = size_t{64} << 30;

/// Relayed transfers at once; each is a connection to the homeserver and holds some pieces of
/// kChunkBytesMax while data moves; 19 KiB while it waits. More are refused. The limit is above an
/// edge's connections, so that a transfer whose connection made room for another has time to end.
inline constexpr size_t kRelaysDefault = 24'576;
inline constexpr size_t kRelaysMax = 65'536;
static_assert(kRelaysDefault <= kRelaysMax);

/// A network with more than 1/8 of them loses its oldest one when all are taken and another network
/// needs one.
inline constexpr size_t kHeavyShare = 8;

/// Streams of all edges that carry relays, many each; more are refused. Each costs 16 KiB and lasts
/// for 10 s and its longest relay at most.
inline constexpr size_t kRelayLanesMax = 16'384;

/// Interval of the checks that the process is awake.
inline constexpr Duration kTickInterval = std::chrono::seconds(1);
/// After so long without a check it was asleep (awake.h). An edge can consider it dead at the
/// earliest when a ping that was sent at the beginning of the sleep stays unanswered.
inline constexpr Duration kSleepMin = contract::kKeepaliveTimeout;
static_assert(2 * kTickInterval < kSleepMin);

/// How long a draining translator refuses calls with its own status, so that edges use another
/// translator. After that gRPC itself refuses them, and its status leaves open whether a call was
/// processed. Many round trips: edges choose others as soon as they are notified of the drain.
inline constexpr Duration kFarewell = std::chrono::milliseconds(500);

}  // namespace lowband::translator::ingress
