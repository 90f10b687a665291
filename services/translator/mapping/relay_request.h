// A relayed request as the edge describes it, to what the homeserver gets: checked once more, and
// without what only concerns the client's own connection.
//
// Threading: free functions; any thread. Limits: libs/http/limits.h. Spec: RFC 9110 §7.6,
// RFC 7239 §5.2; docs/protocol.md "HTTP on TCP and rewriting".
#pragma once

#include <string>
#include <string_view>

#include "libs/base/result.h"
#include "lowband/v1/translator.pb.h"
#include "services/translator/mapping/config.h"
#include "services/translator/mapping/relay_http.h"
#include "services/translator/mapping/route.h"

namespace lowband::translator::mapping {

/// The error says what is wrong with the request: a fault of the edge's, which checks the same.
Result<RelayHead, std::string> MapRelayRequest(const v1::RelayRequest& request,
                                               const MappingConfig& config);

/// Whether a target, as far as a server may take it for a path, is Matrix's or one that
/// --allow-paths names: the list for HTTP. Over CoAP the client API alone is served (path.h).
bool IsRelayed(std::string_view target, std::string_view allow_paths);

/// The route of a target's path, percent-decoded; its query does not matter.
Route RouteOfTarget(std::string_view target);

}  // namespace lowband::translator::mapping
