// The path tables: a code for a Matrix path. MSC3079 appendix B has codes of one character; those
// of Lowband have two, so that they are in nobody's way:
//
//   c    the row c of MSC3079's table, an r0 path
//   3c   the same path in v3
//   4c   the row c of Lowband's own table: paths of today's API that MSC3079 lacks
//
// Threading: constant tables, generated at build time from coap_paths_v1.tsv and coap_paths_v2.tsv;
// any thread. Spec: docs/protocol.md "Paths and queries". Rows are never changed.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lowband::transcode {

/// One row: `code` stands for `segments`, in which "{name}" takes the next segment of the request.
struct PathRow {
  char code;
  std::span<const std::string_view> segments;
  bool trailing_slash;  ///< Row n: /pushrules/
};

/// True if a segment of a row is a placeholder for a segment of the request.
inline bool IsPlaceholder(std::string_view segment) { return segment.starts_with('{'); }

/// All rows of MSC3079's table, in its order.
std::span<const PathRow> PathTable();
/// The row of one code, or null.
const PathRow* FindPath(char code);

/// The first characters of Lowband's codes.
inline constexpr char kV3Code = '3';
inline constexpr char kOwnCode = '4';
/// All rows of Lowband's own table, in its order.
std::span<const PathRow> OwnPathTable();
/// The row of a code without its first character, or null.
const PathRow* FindOwnPath(char code);
/// The shortest form of a path whose segments are `segments` (percent-decoded; a slash at the end
/// of the path shows as an empty last segment): the code and the placeholders' values if a row
/// matches, else the segments unchanged. Rows are r0 paths; a v3 path stays literal, because the
/// server decides the expansion of a code. A placeholder matches no empty segment, and only the row
/// with a slash at its end matches a path with one.
std::vector<std::string> Compress(std::span<const std::string> segments);
/// The same with Lowband's codes, which have v3 paths too. Only for servers that have them: their
/// /versions names the packed format.
std::vector<std::string> CompressForLowband(std::span<const std::string> segments);

}  // namespace lowband::transcode
