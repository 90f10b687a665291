// Ids that were cut at their slashes. Deployed clients and HTTP proxies before them decode %2F
// before they cut a path into segments, so that "$a/b" comes as two. Where the table knows the
// path, what belongs together can be told by what the ids look like:
//
//   {userId} @…, {roomAlias} or {roomIdOrAlias} #…   up to the segment with the colon
//   {roomId} or {roomIdOrAlias} !…                   as it is, or up to the one with the colon
//   {eventId} $…, {stateKey}, {sessionId}            as much as the rest of the path leaves over
//   anything else                                    one segment
//
// Threading: pure functions. Limits: kPathSegmentsMax bounds what is tried. Spec: Matrix appendix
// "Identifier grammar".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lowband::translator::mapping {

/// `segments` with the ids whole again, one for each part of `pattern`, whose parts in braces are
/// placeholders and whose "r0" is any version that the table's APIs have. None: no way fits.
std::optional<std::vector<std::string>> Rejoin(std::span<const std::string_view> pattern,
                                               std::span<const std::string_view> segments);

}  // namespace lowband::translator::mapping
