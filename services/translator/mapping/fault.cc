#include "services/translator/mapping/fault.h"

#include <string>
#include <utility>

namespace lowband::translator::mapping {
namespace {

Refusal BadGateway(std::string error) { return {502, "M_UNKNOWN", std::move(error)}; }

}  // namespace

Refusal RefusalOf(UpstreamFault fault, bool repeatable) {
  switch (fault) {
    case UpstreamFault::kConnect: return BadGateway("the homeserver cannot be reached");
    case UpstreamFault::kTls:
      return BadGateway("the homeserver's TLS certificate or handshake was refused");
    case UpstreamFault::kTimeout:
      return {504, "M_UNKNOWN", "the homeserver did not answer in time"};
    case UpstreamFault::kBroken:
      if (repeatable) return BadGateway("the connection to the homeserver broke");
      // The gateway may not repeat it, and the client must know that it should check the result
      // first.
      return {504, "M_UNKNOWN",
              "the connection to the homeserver broke; it may have carried out the request"};
    case UpstreamFault::kTooLarge: return BadGateway("the homeserver's answer is too large");
    case UpstreamFault::kOverload:
      return {503, "M_UNKNOWN", "too many requests wait for the homeserver"};
    case UpstreamFault::kTooManyPolls:
      return {503, "M_LIMIT_EXCEEDED",
              "too many long-polls are under way, and this access token has the most"};
    case UpstreamFault::kUnavailable:
      return {503, "M_UNKNOWN", "the homeserver was unreachable a moment ago"};
    case UpstreamFault::kCancelled: return {503, "M_UNKNOWN", "the request was cancelled"};
    case UpstreamFault::kStopping: return {503, "M_UNKNOWN", "the gateway is stopping"};
  }
  return BadGateway("the homeserver cannot be reached");
}

}  // namespace lowband::translator::mapping
