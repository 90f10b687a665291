// The answers to polls of an observation, with their outcome for the edge.
//
//   homeserver's answer                              outcome
//   200, JSON, a position   first poll               CHANGED
//                           news or other residue    CHANGED
//                           otherwise                UNCHANGED, and no body
//   401                     M_UNKNOWN_TOKEN or       ENDED
//                           M_MISSING_TOKEN
//   4xx                     M_UNKNOWN_POS            ENDED: the client begins anew (MSC4186)
//   4xx but 401, 403, 408   a Matrix error, at the   ENDED: the client's own queries are wrong
//   and 429                 first poll
//   anything else, or none                           FAILED, with the error that a request gets
//
// Threading: free functions; any thread. Spec: proto/lowband/v1/translator.proto, Poll.
#pragma once

#include <cstdint>

#include "libs/coap/status.h"
#include "services/translator/mapping/answer.h"
#include "services/translator/mapping/http.h"

namespace lowband::translator::mapping {

/// The answer for a 2xx.
ingress::ExchangeAnswer PollAnswer(const AnswerForm& form, const PollForm& poll,
                                   coap::CodeSet codes, const HttpResponse& response);
/// The outcome of any other response. `retry_after_s`: its Retry-After; 0: none.
v1::Poll PollOfError(const PollForm& poll, const HttpResponse& response, uint32_t retry_after_s);
v1::Poll FailedPoll(uint32_t retry_after_s);

}  // namespace lowband::translator::mapping
