// Maps a relayed request from the edge to the request for the homeserver: checked once more, and
// without the fields of the client's own connection.
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

/// The error names the fault of the request. It is the edge's fault, since the edge makes the same
/// checks.
Result<RelayHead, std::string> MapRelayRequest(const v1::RelayRequest& request,
                                               const MappingConfig& config);

/// Whether a target, in any way that a server may read its path, is Matrix's or one of
/// --allow-paths: the list for HTTP. Over CoAP only the client API is served (path.h).
bool IsRelayed(std::string_view target, std::string_view allow_paths);

/// The route of a target's path, percent-decoded; its query does not matter.
Route RouteOfTarget(std::string_view target);

}  // namespace lowband::translator::mapping
