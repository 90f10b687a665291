// MapPath: whatever the options hold, the target is one of the allowed paths, stays it after one
// more decoding, and tells the segments apart.
#include <string>
#include <vector>

#include "services/translator/mapping/path.h"
#include "services/translator/mapping/percent.h"
#include "tests/fuzz/translator_input.h"

using lowband::fuzz::Input;
using lowband::fuzz::Require;
using lowband::translator::mapping::EnumApi;
using lowband::translator::mapping::MapPath;
using lowband::translator::mapping::PercentDecode;

namespace {

std::vector<std::string> Split(std::string_view target) {
  std::vector<std::string> pieces;
  size_t begin = 1;
  while (begin <= target.size()) {
    const size_t end = std::min(target.find('/', begin), target.size());
    pieces.emplace_back(target.substr(begin, end - begin));
    begin = end + 1;
  }
  return pieces;
}

std::string JoinBySlash(const std::vector<std::string>& pieces) {
  std::string joined;
  for (const std::string& piece : pieces) joined += "/" + piece;
  return joined;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input({data, size});
  const EnumApi api = (input.Byte() & 1) != 0 ? EnumApi::kV3 : EnumApi::kR0;
  std::vector<std::string_view> segments;
  while (!input.empty()) segments.push_back(input.Text());
  const auto path = MapPath(segments, api);
  if (!path) {
    Require(path.error().http_status == 400 || path.error().http_status == 404, "status");
    return 0;
  }
  const std::string& target = path->target;
  Require(lowband::fuzz::HasAllowedPrefix(target), "prefix");
  Require(lowband::fuzz::IsTarget(target) && target.find('?') == std::string::npos, "characters");
  // A state key may be dots: at the end, where they lead no further up than the room's state.
  std::string_view rest = target;
  for (const std::string_view dots : {"/%2E", "/%2E%2E"}) {
    if (target.ends_with(dots) && target.find("/state/") != std::string::npos) {
      rest = std::string_view(target).substr(0, target.size() - dots.size());
    }
  }
  for (const std::string& piece : Split(PercentDecode(rest))) {
    Require(piece != "." && piece != "..", "dot segment");
  }
  // A literal path comes back as it was, but for the slashes that deployed clients add or lose.
  std::vector<std::string> parsed;
  for (const std::string& piece : Split(target)) parsed.push_back(PercentDecode(piece));
  const bool literal = segments[0] == "_matrix" || segments[0] == ".well-known";
  if (!literal) return 0;
  if (parsed.size() == segments.size() + 1) {
    Require(parsed.back().empty() && parsed[3] == "pushrules", "an added segment");
    parsed.pop_back();
  }
  if (parsed.size() < segments.size()) {  // ids that were cut at their slashes are whole again
    const std::vector<std::string> cut(segments.begin(), segments.end());
    Require(JoinBySlash(parsed) == JoinBySlash(cut), "the same characters");
    return 0;
  }
  Require(parsed.size() == segments.size(), "number of segments");
  for (size_t i = 0; i < parsed.size(); ++i) Require(parsed[i] == segments[i], "segment");
  return 0;
}
