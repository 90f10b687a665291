// The counters of the relay of plain HTTP to the homeserver.
//
// Threading: relaxed atomics; any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "services/translator/mapping/http.h"
#include "services/translator/upstream/counters.h"

namespace lowband::translator::upstream {

struct RelayCounters {
  std::atomic<uint64_t> started{0};
  /// Final answers by the hundreds of their status; [0] is anything outside 100 to 599.
  std::array<std::atomic<uint64_t>, 6> answers{};
  /// By UpstreamFault, before or after the answer's head.
  std::array<std::atomic<uint64_t>, mapping::kUpstreamFaultCount> faults{};
  std::atomic<uint64_t> connections_opened{0};
  std::atomic<uint64_t> breaker_opened{0};
  std::atomic<uint64_t> polls_made_room{0};  ///< As those of UpstreamCounters.
  std::atomic<uint64_t> polls_refused{0};
  std::atomic<uint64_t> shorts_refused{0};
  std::atomic<uint64_t> active{0};               ///< Transfers at the homeserver now.
  std::atomic<uint64_t> body_bytes_sent{0};      ///< Without framing.
  std::atomic<uint64_t> body_bytes_received{0};  ///< Without framing, compressed as received.
  DurationHistogram head_duration;               ///< From the start to the answer's head.
};

}  // namespace lowband::translator::upstream
