// How long the homeserver gets for a request, and how long it may hold a long-poll.
//
// Threading: free functions; any thread. Limits: limits.h.
#pragma once

#include <cstdint>
#include <optional>

#include "libs/base/time.h"

namespace lowband::translator {

struct TimeBudget {
  Duration timeout;  ///< From submission to the last byte.
  /// What the `timeout` query has to become; none: it stays as it is.
  std::optional<uint64_t> wait_ms;
};

/// `deadline_ms`: how long the edge waits; 0: not said. The answer comes before it.
TimeBudget RequestBudget(uint32_t deadline_ms);
/// `asked_ms`: the client's `timeout` query. Capped at kPollWaitMax, and so that the homeserver
/// answers within the edge's deadline; a cut poll ends early and empty, and nothing is lost.
TimeBudget PollBudget(std::optional<uint64_t> asked_ms, uint32_t deadline_ms);

}  // namespace lowband::translator
