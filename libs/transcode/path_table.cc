#include "libs/transcode/path_table.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace lowband::transcode {
namespace {

constexpr size_t kSegmentsMax = 10;

struct Row {
  char code;
  bool trailing_slash;
  std::array<std::string_view, kSegmentsMax> segments;

  constexpr size_t Size() const {
    size_t size = 0;
    while (size < segments.size() && !segments[size].empty()) ++size;
    return size;
  }
};

constexpr Row kRows[] = {
#include "libs/transcode/path_rows.inc"
};

constexpr auto kTable = [] {
  std::array<PathRow, std::size(kRows)> table{};
  for (size_t i = 0; i < table.size(); ++i) {
    const std::span segments(kRows[i].segments.data(), kRows[i].Size());
    table[i] = {kRows[i].code, segments, kRows[i].trailing_slash};
  }
  return table;
}();

bool Fits(const PathRow& row, std::span<const std::string> segments) {
  if (row.trailing_slash && segments.size() == row.segments.size() + 1 && segments.back().empty()) {
    segments = segments.first(row.segments.size());
  }
  return std::ranges::equal(row.segments, segments,
                            [](std::string_view pattern, std::string_view segment) {
                              return IsPlaceholder(pattern) ? !segment.empty() : pattern == segment;
                            });
}

}  // namespace

std::span<const PathRow> PathTable() { return kTable; }

const PathRow* FindPath(char code) {
  const auto* const row = std::ranges::find(kTable, code, &PathRow::code);
  return row == kTable.end() ? nullptr : row;
}

std::vector<std::string> Compress(std::span<const std::string> segments) {
  const auto* const row =
      std::ranges::find_if(kTable, [&](const PathRow& r) { return Fits(r, segments); });
  if (row == kTable.end()) return {segments.begin(), segments.end()};
  std::vector<std::string> compressed{std::string(1, row->code)};
  for (size_t i = 0; i < row->segments.size(); ++i) {
    if (IsPlaceholder(row->segments[i])) compressed.push_back(segments[i]);
  }
  return compressed;
}

}  // namespace lowband::transcode
