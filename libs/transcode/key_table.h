// The key table of MSC3079 appendix A, version 1: 104 keys of Matrix documents and their integers.
//
// Threading: constant tables, made at compile time from cbor_keys_v1.tsv; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libs/transcode/simd.h"

namespace lowband::transcode {

/// The highest integer of the table. In later tables higher integers have other meanings.
inline constexpr unsigned kKeyIdMax = 104;

/// The first sixteen bytes of a key, padded with zeros.
struct KeyStart {
  uint64_t low;
  uint64_t high;
};

/// The bits of its start that a key of each size uses.
inline constexpr auto kStartBits = [] {
  std::array<KeyStart, 17> bits{};
  for (size_t size = 0; size < bits.size(); ++size) {
    const auto low_bytes = [](size_t count) {
      return count < 8 ? (uint64_t{1} << (8 * count)) - 1 : ~uint64_t{0};
    };
    bits[size] = {low_bytes(size), size < 8 ? 0 : low_bytes(size - 8)};
  }
  return bits;
}();

/// The start of a key with fewer than sixteen bytes of input from its beginning on.
KeyStart ShortStart(const uint8_t* key, size_t size);

/// The start of the `size` bytes at `key`. Reads only below `end`.
inline KeyStart StartOf(const uint8_t* key, size_t size, const uint8_t* end) {
  if (end - key < 16) return ShortStart(key, size);
  const KeyStart& bits = kStartBits.data()[size < 16 ? size : 16];
  return {Load64(key) & bits.low, Load64(key + 8) & bits.high};
}

/// A key in JSON form: quoted and with its colon. It is copied whole.
struct JsonKey {
  std::array<char, 31> text;
  uint8_t size;
};

struct KeyRow {
  KeyStart start;
  KeyStart end;  ///< The last sixteen bytes of a key longer than that, else zeros.
  size_t size;
};

/// A perfect hash: the slot of each key holds its integer, every other slot 0.
inline constexpr size_t kKeySlots = 1024;
struct KeyIndex {
  uint64_t factor;
  std::array<uint8_t, kKeySlots> slots;
};

// Index 0 stands for no key.
extern const std::array<KeyRow, kKeyIdMax + 1> kKeyRows;
extern const std::array<JsonKey, kKeyIdMax + 1> kJsonKeys;
extern const KeyIndex kKeyIndex;

inline constexpr size_t KeySlot(KeyStart start, size_t size, uint64_t factor) {
  return ((start.low ^ std::rotl(start.high, 29)) + size) * factor >> 54;
}
static_assert(kKeySlots == size_t{1} << (64 - 54));

/// The integer of a key given its start, or 0.
inline unsigned KeyId(const uint8_t* key, size_t size, KeyStart start) {
  const unsigned id = kKeyIndex.slots[KeySlot(start, size, kKeyIndex.factor)];
  const KeyRow& row = kKeyRows.data()[id];
  if (row.size != size || row.start.low != start.low || row.start.high != start.high) return 0;
  if (size > 16 &&
      (Load64(key + size - 16) != row.end.low || Load64(key + size - 8) != row.end.high)) {
    return 0;
  }
  return id;
}

/// The integer of a key, 1 to kKeyIdMax, or 0 if the table has none.
unsigned KeyId(std::string_view key);
/// The key of an integer. REQUIRES: 1 <= id <= kKeyIdMax.
std::string_view KeyName(unsigned id);

}  // namespace lowband::transcode
