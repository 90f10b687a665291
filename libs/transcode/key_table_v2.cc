#include "libs/transcode/key_table_v2.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>

namespace lowband::transcode {
namespace {

constexpr std::array kNames = std::to_array<std::string_view>({
#include "libs/transcode/key_names_v2.inc"
});
static_assert(kNames.size() == kKeyIdMaxV2 - kKeyIdMax);

/// By size first: most comparisons end there.
constexpr bool Before(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

/// The places of the names, sorted.
constexpr auto kSorted = [] {
  std::array<uint8_t, kNames.size()> places{};
  std::iota(places.begin(), places.end(), uint8_t{0});
  std::sort(places.begin(), places.end(),
            [](uint8_t a, uint8_t b) { return Before(kNames[a], kNames[b]); });
  return places;
}();
static_assert(std::adjacent_find(kSorted.begin(), kSorted.end(), [](uint8_t a, uint8_t b) {
                return kNames[a] == kNames[b];
              }) == kSorted.end());

}  // namespace

unsigned KeyIdV2(std::string_view key) {
  const auto* const found = std::lower_bound(
      kSorted.begin(), kSorted.end(), key,
      [](uint8_t place, std::string_view text) { return Before(kNames[place], text); });
  if (found == kSorted.end() || kNames[*found] != key) return 0;
  return kKeyIdMax + 1 + *found;
}

std::string_view KeyNameV2(unsigned id) { return kNames[id - kKeyIdMax - 1]; }

}  // namespace lowband::transcode
