// Percent-encoding of path segments and query parts (RFC 3986 §2.1). Byte-stable in all versions,
// and one to one: homeservers identify transactions by the encoded path.
#pragma once

#include <string>
#include <string_view>

namespace lowband::translator::mapping {

/// Leaves unreserved characters, sub-delims, ':' and '@' (RFC 3986 §3.3 pchar); two upper-case
/// hexadecimal digits for every other byte.
void AppendPathSegment(std::string& out, std::string_view segment);
/// Leaves unreserved characters only: in a query '&', '=', '+' and ';' have a meaning.
void AppendQueryPart(std::string& out, std::string_view part);
/// Undoes one level; a '%' without two digits stays.
std::string PercentDecode(std::string_view text);

}  // namespace lowband::translator::mapping
