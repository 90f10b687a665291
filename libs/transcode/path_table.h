// The path table of MSC3079 appendix B: one character for the start of a Matrix path.
//
// Threading: constant tables, generated at build time from coap_paths_v1.tsv; any thread.
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

/// All rows, in the order of the table.
std::span<const PathRow> PathTable();
/// The row of one code, or null.
const PathRow* FindPath(char code);
/// The shortest form of a path whose segments are `segments` (percent-decoded; a slash at the end
/// of the path shows as an empty last segment): the code and the placeholders' values if a row
/// matches, else the segments unchanged. Rows are r0 paths; a v3 path stays literal, because the
/// server decides the expansion of a code. A placeholder matches no empty segment, and only the row
/// with a slash at its end matches a path with one.
std::vector<std::string> Compress(std::span<const std::string> segments);

}  // namespace lowband::transcode
