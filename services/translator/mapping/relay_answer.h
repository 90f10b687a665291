// The homeserver's answer as the edge relays it, and the translator's own if there is none.
//
// Threading: free functions; any thread. Spec: RFC 9110 §7.6; Matrix client-server API "Standard
// error response" and "Web browser clients".
#pragma once

#include <string>
#include <string_view>

#include "lowband/v1/translator.pb.h"
#include "services/translator/mapping/http.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/refusal.h"
#include "services/translator/mapping/relay_http.h"

namespace lowband::translator::mapping {

/// All fields but those of the homeserver's connection, byte for byte and in order.
v1::RelayResponse ToRelayResponse(RelayAnswer answer);

/// A Matrix error that browsers may read too.
struct RelayError {
  RelayAnswer answer;
  std::string body;  ///< Empty for HEAD, whose answer still has its Content-Length.
};
/// `retry_after_s`: sent with a status that asks the client to wait.
RelayError RelayErrorOf(const Refusal& refusal, std::string_view method,
                        uint32_t retry_after_s = kRetryAfterOverloadSeconds);
RelayError RelayErrorOf(UpstreamFault fault, std::string_view method);

}  // namespace lowband::translator::mapping
