// How long the homeserver gets for a request, and how long it may hold a long-poll.
//
// Threading: free functions; any thread. Limits: limits.h.
#pragma once

#include <cstdint>
#include <optional>

#include "libs/base/time.h"

namespace lowband::translator::mapping {

/// What a request is allowed.
struct Allowance {
  Duration ordinary;         ///< --request-timeout
  bool slow = false;         ///< A join or an initial sync: all the time that the edge waits.
  uint32_t deadline_ms = 0;  ///< How long the edge waits; 0: not said.
};

struct TimeBudget {
  Duration timeout;  ///< From submission to the last byte.
  /// What the `timeout` query has to become; none: it stays as it is.
  std::optional<uint64_t> wait_ms;
};

/// The answer comes before the edge's deadline.
TimeBudget RequestBudget(const Allowance& allowance);
/// `asked_ms`: the client's `timeout` query. Capped at kPollWaitMax, and so that the homeserver
/// answers within the edge's deadline; a cut poll ends early and empty, and nothing is lost.
TimeBudget PollBudget(std::optional<uint64_t> asked_ms, const Allowance& allowance);

}  // namespace lowband::translator::mapping
