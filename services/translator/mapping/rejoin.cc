#include "services/translator/mapping/rejoin.h"

#include <algorithm>
#include <cstddef>

#include "services/translator/mapping/route.h"

namespace lowband::translator::mapping {
namespace {

using Segments = std::span<const std::string_view>;

/// Bounds of the number of segments of a value; the fewest that fit the rest are chosen.
struct Sizes {
  size_t min = 1;
  size_t max = 1;
};

/// Segments up to the first one with a colon; 1 if there is none.
size_t ToColon(Segments rest) {
  const auto has_colon = [](std::string_view segment) {
    return segment.find(':') != std::string_view::npos;
  };
  const auto it = std::find_if(rest.begin(), rest.end(), has_colon);
  return it == rest.end() ? 1 : static_cast<size_t>(it - rest.begin()) + 1;
}

Sizes SizesOf(std::string_view placeholder, Segments rest) {
  const char sigil = rest[0].empty() ? '\0' : rest[0][0];
  const bool room_or_alias = placeholder == "{roomIdOrAlias}";
  if (placeholder == "{stateKey}" || placeholder == "{sessionId}") return {1, rest.size()};
  if (placeholder == "{eventId}" && sigil == '$') return {1, rest.size()};
  const bool user = placeholder == "{userId}" && sigil == '@';
  const bool alias = (placeholder == "{roomAlias}" || room_or_alias) && sigil == '#';
  if (user || alias) return {ToColon(rest), ToColon(rest)};
  const bool room = (placeholder == "{roomId}" || room_or_alias) && sigil == '!';
  return {1, room ? ToColon(rest) : 1};
}

std::string JoinBySlash(Segments segments) {
  std::string joined(segments[0]);
  for (const std::string_view segment : segments.subspan(1)) joined.append("/").append(segment);
  return joined;
}

/// Fills `joined` from the back: one call for each part of the pattern, of which there are few.
bool Match(Segments pattern, Segments rest, std::vector<std::string>& joined) {
  if (pattern.empty()) return rest.empty();
  if (rest.size() < pattern.size()) return false;
  const std::string_view part = pattern[0];
  const bool placeholder = part.starts_with('{');
  if (!placeholder && part != rest[0] && !(part == "r0" && IsApiVersion(rest[0]))) return false;
  const Sizes sizes = placeholder ? SizesOf(part, rest) : Sizes{};
  for (size_t size = sizes.min; size <= sizes.max; ++size) {
    if (!Match(pattern.subspan(1), rest.subspan(size), joined)) continue;
    joined.push_back(JoinBySlash(rest.first(size)));
    return true;
  }
  return false;
}

}  // namespace

std::optional<std::vector<std::string>> Rejoin(Segments pattern, Segments segments) {
  std::vector<std::string> joined;
  if (!Match(pattern, segments, joined)) return std::nullopt;
  std::reverse(joined.begin(), joined.end());
  return joined;
}

}  // namespace lowband::translator::mapping
