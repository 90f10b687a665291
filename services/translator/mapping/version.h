// Versions of a resource (HTTP's ETag, CoAP's ETag and If-Match), where an API has them: the
// rendezvous of MSC4108.
//
// CoAP's tags have at most 8 bytes, HTTP's are longer: the client gets the first 8 bytes of the
// hash of HTTP's. No table has to map between them:
//
//   GET with ETag ──▶ GET ── the hash of its ETag is one of those ──▶ 2.03 without a body
//   PUT, DELETE with If-Match ──▶ GET ── the hash of its ETag is one of those ──▶ PUT with
//       If-Match and that ETag ── changed meanwhile: the homeserver says 412 ──▶ 4.12
//                                └─ none of those ──▶ 4.12
//
// Expires becomes Max-Age, and the path of Location becomes Location-Path; Last-Modified has no
// option in CoAP and is left out.
//
// Threading: free functions; any thread. Spec: RFC 7252 §5.10.6 to §5.10.8, RFC 9110 §8.8.3 and
// §13, MSC4108.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/translator/mapping/answer.h"
#include "services/translator/mapping/http.h"
#include "services/translator/mapping/route.h"

namespace lowband::translator::mapping {

bool HasVersions(Route route);

/// CoAP's name of the version that HTTP calls `entity_tag`; empty if that is empty.
std::string VersionOf(std::string_view entity_tag);

/// The request that gets the current version of the resource of `request`.
HttpRequest VersionCheck(const HttpRequest& request);

/// Adds version, lifetime and location from the homeserver's answer to `answer`.
void TellVersion(const HttpResponse& response, ingress::ExchangeAnswer& answer);

}  // namespace lowband::translator::mapping
