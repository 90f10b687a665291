// The counters of the upstream stage. Written by its threads, read by the metrics.
//
// Threading: relaxed atomics; any thread. A reader sees each value, not a snapshot of all.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libs/base/duration_histogram.h"
#include "services/translator/mapping/http.h"

namespace lowband::translator::upstream {

using DurationHistogram = BasicDurationHistogram<std::atomic<uint64_t>>;

struct UpstreamCounters {
  std::atomic<uint64_t> submitted{0};
  /// Answers by the hundreds of their status; [0] is anything outside 100 to 599.
  std::array<std::atomic<uint64_t>, 6> answers{};
  /// By UpstreamFault.
  std::array<std::atomic<uint64_t>, mapping::kUpstreamFaultCount> faults{};
  std::atomic<uint64_t> connections_opened{0};
  std::atomic<uint64_t> redirects_followed{0};
  std::atomic<uint64_t> bytes_sent{0};      ///< As HTTP messages, before TLS.
  std::atomic<uint64_t> bytes_received{0};  ///< HTTP messages, compressed as received.
  std::atomic<uint64_t> breaker_opened{0};
  std::atomic<uint64_t> polls_made_room{0};  ///< Ended to make room for another poll.
  /// Found no place, nor one in the queue; or lost that to an owner with fewer waiting.
  std::atomic<uint64_t> polls_refused{0};
  std::atomic<uint64_t> shorts_refused{0};   ///< As polls_refused, for all other exchanges.
  std::atomic<uint64_t> active{0};           ///< Exchanges at the homeserver now.
  std::atomic<uint64_t> polls_active{0};     ///< Of those: polls.
  std::atomic<uint64_t> pending{0};          ///< Exchanges waiting for a place now.
  std::atomic<uint64_t> held_body_bytes{0};  ///< Of bodies being received now.
  DurationHistogram duration;                ///< Of every exchange that got an answer.
};

}  // namespace lowband::translator::upstream
