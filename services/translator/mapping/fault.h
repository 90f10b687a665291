// The error for a client when the homeserver gave no answer, over either transport.
//
// Threading: a pure function.
#pragma once

#include "services/translator/mapping/http.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/refusal.h"

namespace lowband::translator::mapping {

/// `repeatable`: the request may be carried out twice.
Refusal RefusalOf(UpstreamFault fault, bool repeatable);

/// How long a client has to wait before it repeats the request; longer for an owner with too many
/// polls.
constexpr uint32_t RetryAfterOf(UpstreamFault fault) {
  return fault == UpstreamFault::kTooManyPolls ? kRetryAfterTooManyPollsSeconds
                                               : kRetryAfterOverloadSeconds;
}

/// Whether the status asks the client to repeat the request later.
constexpr bool AsksToWait(uint16_t status) { return status == 429 || status == 503; }

}  // namespace lowband::translator::mapping
