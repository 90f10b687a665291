#include "libs/transcode/key_table.h"

#include <algorithm>
#include <iterator>

namespace lowband::transcode {
namespace {

constexpr std::string_view kNames[] = {
    "",
#include "libs/transcode/key_names.inc"
};
static_assert(std::size(kNames) == kKeyIdMax + 1);
static_assert(std::ranges::max(kNames, {}, &std::string_view::size).size() <= 32,
              "a row compares the first and the last sixteen bytes");

constexpr uint64_t WordAt(std::string_view text, size_t offset) {
  uint64_t word = 0;
  for (size_t i = 0; i < 8 && offset + i < text.size(); ++i) {
    word |= uint64_t{static_cast<uint8_t>(text[offset + i])} << (8 * i);
  }
  return word;
}

constexpr KeyRow RowOf(std::string_view name) {
  const size_t size = name.size();
  KeyRow row{};
  row.size = size;
  row.start = {WordAt(name, 0), WordAt(name, 8)};
  if (size > 16) row.end = {WordAt(name, size - 16), WordAt(name, size - 8)};
  return row;
}

constexpr auto Rows() {
  std::array<KeyRow, kKeyIdMax + 1> rows{};
  for (size_t id = 1; id <= kKeyIdMax; ++id) rows[id] = RowOf(kNames[id]);
  return rows;
}

constexpr auto JsonKeys() {
  std::array<JsonKey, kKeyIdMax + 1> keys{};
  for (size_t id = 1; id <= kKeyIdMax; ++id) {
    JsonKey& key = keys[id];
    key.text[key.size++] = '"';
    for (char c : kNames[id]) key.text[key.size++] = c;
    key.text[key.size++] = '"';
    key.text[key.size++] = ':';
  }
  return keys;
}

/// True if no two keys share a slot; `index` is then complete.
constexpr bool Fill(KeyIndex& index, const std::array<KeyRow, kKeyIdMax + 1>& rows) {
  index.slots = {};
  for (size_t id = 1; id <= kKeyIdMax; ++id) {
    uint8_t& slot = index.slots[KeySlot(rows[id].start, rows[id].size, index.factor)];
    if (slot != 0) return false;
    slot = static_cast<uint8_t>(id);
  }
  return true;
}

/// Tries factors until one is perfect: about one in 200 is.
constexpr KeyIndex Index(const std::array<KeyRow, kKeyIdMax + 1>& rows) {
  KeyIndex index{};
  index.factor = 0x9e3779b97f4a7c15;
  while (!Fill(index, rows))
    index.factor = index.factor * 6364136223846793005u + 1442695040888963407u;
  return index;
}

constexpr auto kConstRows = Rows();
constexpr KeyIndex kConstIndex = Index(kConstRows);

}  // namespace

constinit const std::array<KeyRow, kKeyIdMax + 1> kKeyRows = kConstRows;
constinit const std::array<JsonKey, kKeyIdMax + 1> kJsonKeys = JsonKeys();
constinit const KeyIndex kKeyIndex = kConstIndex;

KeyStart ShortStart(const uint8_t* key, size_t size) {
  KeyStart start{};
  std::memcpy(&start, key, size);
  return start;
}

unsigned KeyId(std::string_view key) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(key.data());
  return KeyId(bytes, key.size(), StartOf(bytes, key.size(), bytes + key.size()));
}

std::string_view KeyName(unsigned id) { return kNames[id]; }

}  // namespace lowband::transcode
