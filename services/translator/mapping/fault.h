// What a client is told when the homeserver gave no answer, over either transport.
//
// Threading: a pure function.
#pragma once

#include "services/translator/mapping/http.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/refusal.h"

namespace lowband::translator::mapping {

/// `repeatable`: executing the request twice does no harm.
Refusal RefusalOf(UpstreamFault fault, bool repeatable);

/// How long a client waits that is asked to. Who has too many polls shall not be back at once.
constexpr uint32_t RetryAfterOf(UpstreamFault fault) {
  return fault == UpstreamFault::kTooManyPolls ? kRetryAfterTooManyPollsSeconds
                                               : kRetryAfterOverloadSeconds;
}

/// The client is asked to come back later.
constexpr bool AsksToWait(uint16_t status) { return status == 429 || status == 503; }

}  // namespace lowband::translator::mapping
