// The homeserver's time for a request, and its limit for holding a long-poll.
//
// Threading: free functions; any thread. Limits: limits.h.
#pragma once

#include <cstdint>
#include <optional>

#include "libs/base/time.h"

namespace lowband::translator::mapping {

/// The time limits of a request.
struct Allowance {
  Duration ordinary;         ///< --request-timeout
  bool slow = false;         ///< A join or an initial sync: has all of the edge's wait.
  uint32_t deadline_ms = 0;  ///< The edge's wait; 0: not sent.
};

struct TimeBudget {
  Duration timeout;  ///< From submission to the last byte.
  /// The new value of the `timeout` query; none: it stays unchanged.
  std::optional<uint64_t> wait_ms;
};

/// The answer comes before the edge's deadline.
TimeBudget RequestBudget(const Allowance& allowance);
/// `asked_ms`: the client's `timeout` query. Capped at kPollWaitMax, and so that the homeserver
/// answers within the edge's deadline; a shortened poll ends early and empty, and no event is lost.
TimeBudget PollBudget(std::optional<uint64_t> asked_ms, const Allowance& allowance);

}  // namespace lowband::translator::mapping
