// A path, cut at its slashes: its short form expands to the same path again.
#include <string>
#include <vector>

#include "libs/transcode/path_table.h"
#include "tests/fuzz/transcode_check.h"

namespace lowband::transcode {
namespace {

std::vector<std::string> Split(std::string_view path) {
  std::vector<std::string> segments(1);
  for (char c : path) {
    if (c == '/') {
      segments.emplace_back();
    } else {
      segments.back().push_back(c);
    }
  }
  return segments;
}

/// What a server makes of a short form, without the slash that one row has at its end.
std::vector<std::string> Expand(const PathRow& row, const std::vector<std::string>& compressed) {
  std::vector<std::string> segments;
  size_t value = 1;
  for (std::string_view segment : row.segments) {
    Check(!IsPlaceholder(segment) || value < compressed.size(), "a value for each placeholder");
    segments.emplace_back(IsPlaceholder(segment) ? std::string_view(compressed[value++]) : segment);
  }
  Check(value == compressed.size(), "no value more");
  return segments;
}

void CheckForLowband(std::vector<std::string> segments) {
  const std::vector<std::string> compressed = CompressForLowband(segments);
  if (compressed == segments || compressed.front().size() == 1) return;
  Check(compressed.front().size() == 2, "a code of two characters");
  const bool own = compressed.front().front() == kOwnCode;
  const char code = compressed.front().back();
  const PathRow* const row = own ? FindOwnPath(code) : FindPath(code);
  Check(row != nullptr, "a code of the table");
  if (row->trailing_slash && segments.back().empty()) segments.pop_back();
  std::vector<std::string> expanded = Expand(*row, compressed);
  if (!own && expanded.size() > 2 && expanded[2] == "r0") expanded[2] = "v3";
  Check(expanded == segments, "the same path again");
}

void CheckPath(std::string_view path) {
  std::vector<std::string> segments = Split(path);
  const std::vector<std::string> compressed = Compress(segments);
  Check(!compressed.empty(), "something is left");
  CheckForLowband(segments);
  if (compressed == segments) return;
  Check(compressed.front().size() == 1, "a code of one character");
  const PathRow* const row = FindPath(compressed.front().front());
  Check(row != nullptr, "a code of the table");
  if (row->trailing_slash && segments.back().empty()) segments.pop_back();
  Check(Expand(*row, compressed) == segments, "the same path again");
}

}  // namespace
}  // namespace lowband::transcode

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lowband::transcode::CheckPath({reinterpret_cast<const char*>(data), size});
  return 0;
}
