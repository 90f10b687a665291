// A relayed request as the edge describes it, to what the homeserver gets: checked once more, and
// without what only concerns the client's own connection.
//
// Threading: free functions; any thread. Limits: libs/http/limits.h. Spec: RFC 9110 §7.6,
// RFC 7239 §5.2; protocol rules "HTTP fallback and rewriting".
#pragma once

#include <string>
#include <string_view>

#include "libs/base/result.h"
#include "lowband/v1/translator.pb.h"
#include "services/translator/mapping/config.h"
#include "services/translator/mapping/relay_http.h"
#include "services/translator/mapping/route.h"

namespace lowband::translator {

/// The error says what is wrong with the request: a fault of the edge's, which checks the same.
Result<RelayHead, std::string> MapRelayRequest(const v1::RelayRequest& request,
                                               const MappingConfig& config);

/// The route of a target's path, percent-decoded; its query does not matter.
Route RouteOfTarget(std::string_view target);

}  // namespace lowband::translator
