#include "services/translator/mapping/path.h"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/transcode/path_table.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/percent.h"
#include "services/translator/mapping/rejoin.h"

namespace lowband::translator::mapping {
namespace {

using Segments = std::span<const std::string_view>;

Refusal Bad(std::string error) { return {400, "M_INVALID_PARAM", std::move(error)}; }

/// C0, DEL, and C1 in its UTF-8 form.
bool HasControl(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<uint8_t>(text[i + 1]) < 0xa0)
      return true;
  }
  return false;
}

bool IsDots(std::string_view segment) { return segment == "." || segment == ".."; }

/// Whether the last segment is the state key of an event. It is free text, and may consist of dots;
/// a server that resolves them gets no further than the room's state.
bool EndsInStateKey(Segments segments) {
  const bool by_code = segments.size() == 4 && (segments[0] == "8" || segments[0] == "38");
  return by_code || RouteOfPath(segments) == Route::kStateEvent;
}

/// Whether `text`, split as a server that decoded a slash would split it, has a dot segment.
bool HasDotSegment(std::string_view text) {
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find_first_of("/\\", begin), text.size());
    const std::string_view piece = text.substr(begin, end - begin);
    if (piece == "." || piece == "..") return true;
    begin = end + 1;
  }
  return false;
}

std::optional<Refusal> Check(Segments segments) {
  if (segments.size() > kPathSegmentsMax) return Bad("the path has too many segments");
  for (size_t i = 0; i < segments.size(); ++i) {
    const std::string_view segment = segments[i];
    const std::string which = "path segment " + std::to_string(i + 1) + " ";
    // An empty last segment is CoAP's form of a trailing slash (RFC 7252 §6.4).
    if (segment.empty() && i + 1 < segments.size()) return Bad(which + "is empty");
    if (!IsUtf8(AsBytes(segment))) return Bad(which + "is not UTF-8");
    if (HasControl(segment)) return Bad(which + "has a control character");
    const bool last = i + 1 == segments.size();
    if (last && IsDots(segment) && EndsInStateKey(segments)) continue;
    if (HasDotSegment(segment) || HasDotSegment(PercentDecode(segment))) {
      return Bad(which + "is or holds a dot segment");
    }
  }
  return std::nullopt;
}

bool IsAllowed(Segments segments) {
  if (segments.size() < 2) return false;
  if (RouteOfPath(segments) == Route::kRendezvous) return true;
  if (segments[0] == ".well-known") return segments[1] == "matrix";
  return segments[0] == "_matrix" && (segments[1] == "client" || segments[1] == "key");
}

bool IsMedia(Segments segments) {
  if (segments.size() < 2 || segments[0] != "_matrix") return false;
  if (segments[1] == "media") return true;
  // MSC3916 put media below the client API: /v1/media, /unstable/org.matrix.msc3916/media.
  if (segments[1] != "client" || segments.size() < 4) return false;
  return segments[3] == "media" ||
         (segments[2] == "unstable" && segments.size() > 4 && segments[4] == "media");
}

/// Deployed clients lose a trailing slash (go-coap ends a path at its last segment). It carries
/// meaning in one Matrix API: a list of push rules, as opposed to one of them.
bool LostItsSlash(Segments segments) {
  return segments.size() >= 4 && segments.size() <= 6 && segments[1] == "client" &&
         segments[3] == "pushrules" && !segments.back().empty();
}

std::string Join(Segments segments, bool trailing_slash) {
  std::string target;
  for (const std::string_view segment : segments) {
    target.push_back('/');
    if (IsDots(segment)) {
      for (size_t i = 0; i < segment.size(); ++i) target.append("%2E");
    } else {
      AppendPathSegment(target, segment);
    }
  }
  if (trailing_slash) target.push_back('/');
  return target;
}

/// The values of a row's placeholders; surplus ones remain if no id was split.
std::vector<std::string> ValuesOf(const transcode::PathRow& row, Segments values) {
  std::vector<std::string_view> placeholders;
  for (const std::string_view part : row.segments) {
    if (part.starts_with('{')) placeholders.push_back(part);
  }
  if (values.size() > placeholders.size()) {
    const bool free_end = !placeholders.empty() && placeholders.back() == "{stateKey}";
    if (values.back().empty() && !free_end) values = values.first(values.size() - 1);
    if (auto joined = Rejoin(placeholders, values)) return *std::move(joined);
  }
  return {values.begin(), values.end()};
}

/// `code` names the row in errors.
Result<MappedPath, Refusal> Expand(std::string_view code, const transcode::PathRow& row,
                                   Segments cut, EnumApi api) {
  const std::vector<std::string> values = ValuesOf(row, cut);
  size_t next = 0;
  std::vector<std::string_view> segments;
  for (const std::string_view part : row.segments) {
    if (part.starts_with('{')) {
      const bool present = next < values.size();
      // An empty value counts as missing, except for the state key, which is mostly empty.
      if (!present || (values[next].empty() && part != "{stateKey}")) {
        return Failure(Refusal{400, "M_MISSING_PARAM",
                               "path " + std::string(code) + " needs " + std::string(part)});
      }
      segments.push_back(values[next++]);
    } else if (part == "r0" && api == EnumApi::kV3) {
      segments.push_back("v3");
    } else {
      segments.push_back(part);
    }
  }
  return MappedPath{Join(segments, row.trailing_slash), RouteOfPath(segments)};
}

/// None: the first segment is no code.
std::optional<Result<MappedPath, Refusal>> ByCode(Segments segments, EnumApi api) {
  if (segments.empty() || segments[0].empty() || segments[0].size() > 2) return std::nullopt;
  const std::string_view code = segments[0];
  const bool own = code.size() == 2 && code[0] == transcode::kOwnCode;
  if (code.size() == 2 && !own) {
    if (code[0] != transcode::kV3Code) return std::nullopt;
    api = EnumApi::kV3;
  }
  const auto* const row =
      own ? transcode::FindOwnPath(code.back()) : transcode::FindPath(code.back());
  if (row == nullptr) return std::nullopt;
  return Expand(code, *row, segments.subspan(1), api);
}

/// Paths without a code in which ids are often split: those of Megolm sessions are base64.
constexpr std::array<std::array<std::string_view, 7>, 2> kSessionPaths = {{
    {"_matrix", "client", "r0", "room_keys", "keys", "{roomId}", "{sessionId}"},
    {"_matrix", "client", "unstable", "room_keys", "keys", "{roomId}", "{sessionId}"},
}};

std::optional<MappedPath> Rejoined(Segments pattern, Segments segments) {
  const auto joined = Rejoin(pattern, segments);
  if (!joined) return std::nullopt;
  const std::vector<std::string_view> whole(joined->begin(), joined->end());
  return MappedPath{Join(whole, false), RouteOfPath(whole)};
}

Result<MappedPath, Refusal> Literal(Segments segments, std::string_view allow_paths) {
  const bool is_config = RouteOfPath(segments) == Route::kMediaConfig;
  if (is_config) return MappedPath{Join(segments, false), Route::kMediaConfig};
  if (IsMedia(segments)) {
    return Failure(Refusal{404, "M_UNRECOGNIZED",
                           "media is not served over CoAP: use HTTP for uploads and downloads"});
  }
  if (!IsAllowed(segments) && !IsAmong(allow_paths, Join(segments, false))) {
    return Failure(Refusal{404, "M_UNRECOGNIZED", "no Matrix client API has this path"});
  }
  const Route route = RouteOfPath(segments);
  if (route != Route::kOther) return MappedPath{Join(segments, LostItsSlash(segments)), route};
  for (const transcode::PathRow& row : transcode::PathTable()) {
    if (auto rejoined = Rejoined(row.segments, segments)) return *std::move(rejoined);
  }
  for (const auto& pattern : kSessionPaths) {
    if (auto rejoined = Rejoined(pattern, segments)) return *std::move(rejoined);
  }
  return MappedPath{Join(segments, LostItsSlash(segments)), route};
}

/// Splits the first segment at its slashes; leading ones are dropped.
void CutFirst(std::vector<std::string_view>& segments) {
  const std::string_view text = segments[0];
  std::vector<std::string_view> pieces;
  for (size_t begin = text.find_first_not_of('/'); begin <= text.size();) {
    const size_t end = std::min(text.find('/', begin), text.size());
    pieces.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  segments.erase(segments.begin());
  segments.insert(segments.begin(), pieces.begin(), pieces.end());
}

}  // namespace

bool IsAmong(std::string_view allow_paths, std::string_view path) {
  while (!allow_paths.empty()) {
    const size_t comma = std::min(allow_paths.find(','), allow_paths.size());
    if (comma > 0 && path.starts_with(allow_paths.substr(0, comma))) return true;
    allow_paths.remove_prefix(std::min(comma + 1, allow_paths.size()));
  }
  return false;
}

Result<MappedPath, Refusal> MapPath(Segments options, EnumApi api, std::string_view allow_paths) {
  std::vector<std::string_view> segments(options.begin(), options.end());
  // A base URL that ends in a slash makes deployed clients request "//_matrix/…", which go-coap
  // sends as one segment "/_matrix/…", and others as empty segments before it. Elsewhere a slash
  // inside a segment is part of its value.
  while (segments.size() > 1 && segments[0].empty()) segments.erase(segments.begin());
  if (!segments.empty() && segments[0].starts_with('/')) CutFirst(segments);
  if (const auto refusal = Check(segments)) return Failure(*refusal);
  if (auto by_code = ByCode(segments, api)) return *std::move(by_code);
  return Literal(segments, allow_paths);
}

}  // namespace lowband::translator::mapping
