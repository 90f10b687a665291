// Rejoins ids that were split at their slashes. Deployed clients and HTTP proxies decode %2F before
// they split a path into segments, so that "$a/b" comes as two. For paths of the table, the form of
// the ids shows which segments belong together:
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

/// `segments` with the ids rejoined, one for each part of `pattern`, whose parts in braces are
/// placeholders and whose "r0" matches any version of the table's APIs. None: no combination fits.
std::optional<std::vector<std::string>> Rejoin(std::span<const std::string_view> pattern,
                                               std::span<const std::string_view> segments);

}  // namespace lowband::translator::mapping
