#include "services/translator/mapping/poll.h"

#include <algorithm>
#include <chrono>

#include "services/translator/mapping/limits.h"

namespace lowband::translator {
namespace {

using std::chrono::milliseconds;

/// What is left for the homeserver of the edge's deadline.
Duration Available(uint32_t deadline_ms) {
  if (deadline_ms == 0) return kPollWaitMax + kPollMargin;
  const Duration deadline = milliseconds(deadline_ms);
  return deadline - std::min(kAnswerMargin, deadline / 4);
}

}  // namespace

TimeBudget RequestBudget(uint32_t deadline_ms) {
  return {std::min(kRequestTimeout, Available(deadline_ms)), std::nullopt};
}

TimeBudget PollBudget(std::optional<uint64_t> asked_ms, uint32_t deadline_ms) {
  const Duration available = Available(deadline_ms);
  const auto max_ms =
      static_cast<uint64_t>(std::chrono::duration_cast<milliseconds>(kPollWaitMax).count());
  Duration wait = milliseconds(std::min(asked_ms.value_or(0), max_ms));
  wait = std::min(wait, std::max(available - kPollMarginMin, Duration::zero()));
  const auto wait_ms =
      static_cast<uint64_t>(std::chrono::duration_cast<milliseconds>(wait).count());
  TimeBudget budget{std::min(available, std::max(kRequestTimeout, wait + kPollMargin)), {}};
  if (asked_ms && wait_ms != *asked_ms) budget.wait_ms = wait_ms;
  return budget;
}

}  // namespace lowband::translator
