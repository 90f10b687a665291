#include "libs/transcode/path_table.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lowband::transcode {
namespace {

constexpr size_t kSegmentsMax = 10;
constexpr std::string_view kOldApi = "r0";

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

constexpr Row kOwnRows[] = {
#include "libs/transcode/path_rows_v2.inc"
};

template <size_t kSize>
constexpr auto TableOf(const Row (&rows)[kSize]) {
  std::array<PathRow, kSize> table{};
  for (size_t i = 0; i < kSize; ++i) {
    const std::span segments(rows[i].segments.data(), rows[i].Size());
    table[i] = {rows[i].code, segments, rows[i].trailing_slash};
  }
  return table;
}
constexpr auto kTable = TableOf(kRows);
constexpr auto kOwnTable = TableOf(kOwnRows);

/// `api` is the version that r0 stands for.
bool Fits(const PathRow& row, std::string_view api, std::span<const std::string> segments) {
  if (row.trailing_slash && segments.size() == row.segments.size() + 1 && segments.back().empty()) {
    segments = segments.first(row.segments.size());
  }
  return std::ranges::equal(row.segments, segments,
                            [api](std::string_view pattern, std::string_view segment) {
                              if (IsPlaceholder(pattern)) return !segment.empty();
                              return segment == (pattern == kOldApi ? api : pattern);
                            });
}

/// The row of `table` that fits, or null.
const PathRow* FindRow(std::span<const PathRow> table, std::string_view api,
                       std::span<const std::string> segments) {
  const auto row = std::ranges::find_if(
      table, [&](const PathRow& candidate) { return Fits(candidate, api, segments); });
  return row == table.end() ? nullptr : &*row;
}

std::vector<std::string> ShortForm(std::string code, const PathRow& row,
                                   std::span<const std::string> segments) {
  std::vector<std::string> compressed{std::move(code)};
  for (size_t i = 0; i < row.segments.size(); ++i) {
    if (IsPlaceholder(row.segments[i])) compressed.push_back(segments[i]);
  }
  return compressed;
}

}  // namespace

std::span<const PathRow> PathTable() { return kTable; }

std::span<const PathRow> OwnPathTable() { return kOwnTable; }

const PathRow* FindPath(char code) {
  const auto* const row = std::ranges::find(kTable, code, &PathRow::code);
  return row == kTable.end() ? nullptr : row;
}

const PathRow* FindOwnPath(char code) {
  const auto* const row = std::ranges::find(kOwnTable, code, &PathRow::code);
  return row == kOwnTable.end() ? nullptr : row;
}

std::vector<std::string> Compress(std::span<const std::string> segments) {
  const PathRow* const row = FindRow(kTable, kOldApi, segments);
  if (row == nullptr) return {segments.begin(), segments.end()};
  return ShortForm(std::string(1, row->code), *row, segments);
}

std::vector<std::string> CompressForLowband(std::span<const std::string> segments) {
  if (const PathRow* const row = FindRow(kTable, kOldApi, segments)) {
    return ShortForm(std::string(1, row->code), *row, segments);
  }
  if (const PathRow* const row = FindRow(kTable, "v3", segments)) {
    return ShortForm({kV3Code, row->code}, *row, segments);
  }
  if (const PathRow* const row = FindRow(kOwnTable, kOldApi, segments)) {
    return ShortForm({kOwnCode, row->code}, *row, segments);
  }
  return {segments.begin(), segments.end()};
}

}  // namespace lowband::transcode
