#include "services/translator/mapping/time_budget.h"

#include <algorithm>
#include <chrono>

#include "services/translator/mapping/limits.h"

namespace lowband::translator::mapping {
namespace {

using std::chrono::milliseconds;

/// The part of the edge's deadline that is left for the homeserver.
Duration Available(uint32_t deadline_ms) {
  if (deadline_ms == 0) return kEdgeWaitDefault;
  const Duration deadline = milliseconds(deadline_ms);
  return deadline - std::min(kAnswerMargin, deadline / 4);
}

}  // namespace

TimeBudget RequestBudget(const Allowance& allowance) {
  const Duration available = Available(allowance.deadline_ms);
  return {allowance.slow ? available : std::min(allowance.ordinary, available), std::nullopt};
}

TimeBudget PollBudget(std::optional<uint64_t> asked_ms, const Allowance& allowance) {
  const Duration available = Available(allowance.deadline_ms);
  const auto max_ms =
      static_cast<uint64_t>(std::chrono::duration_cast<milliseconds>(kPollWaitMax).count());
  Duration wait = milliseconds(std::min(asked_ms.value_or(0), max_ms));
  wait = std::min(wait, std::max(available - kPollMarginMin, Duration::zero()));
  const auto wait_ms =
      static_cast<uint64_t>(std::chrono::duration_cast<milliseconds>(wait).count());
  const Duration needed = std::max(allowance.ordinary, wait + kPollMargin);
  TimeBudget budget{allowance.slow ? available : std::min(available, needed), {}};
  if (asked_ms && wait_ms != *asked_ms) budget.wait_ms = wait_ms;
  return budget;
}

}  // namespace lowband::translator::mapping
