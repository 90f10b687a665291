// The key table of MSC3079 appendix A, version 1: 104 keys of Matrix documents and their integers.
//
// Threading: constant tables, made at compile time from cbor_keys_v1.tsv; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libs/transcode/words.h"

namespace lowband::transcode {

/// The highest integer of the table. Later tables give other meanings to those above it.
inline constexpr unsigned kKeyIdMax = 104;

/// The first and the last eight bytes of a key; of a shorter key all of it, twice.
struct KeyEnds {
  uint64_t first;
  uint64_t last;
};

/// The ends of the `size` bytes at `key`. Reads only below `end`.
inline KeyEnds EndsOf(const uint8_t* key, size_t size, const uint8_t* end) {
  if (size >= 8) return {Load64(key), Load64(key + size - 8)};
  uint64_t word = 0;
  if (end - key >= 8) {
    word = Load64(key) & ((uint64_t{1} << (8 * size)) - 1);
  } else {
    std::memcpy(&word, key, size);
  }
  return {word, word};
}

/// A key as JSON writes it: quoted and with its colon. Made to be copied whole.
struct JsonKey {
  std::array<char, 31> text;
  uint8_t size;
};

struct KeyRow {
  KeyEnds ends;
  uint64_t second;        ///< Bytes 8 to 15 of a key longer than 16, else 0.
  uint64_t last_but_one;  ///< Bytes −16 to −9 of a key longer than 16, else 0.
  uint8_t size;
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

inline constexpr size_t KeySlot(KeyEnds ends, size_t size, uint64_t factor) {
  return ((ends.first ^ (ends.last << 1) ^ size) * factor) >> 54;
}
static_assert(kKeySlots == size_t{1} << (64 - 54));

/// The integer of a key given its ends, or 0.
inline unsigned KeyId(const uint8_t* key, size_t size, KeyEnds ends) {
  const unsigned id = kKeyIndex.slots[KeySlot(ends, size, kKeyIndex.factor)];
  const KeyRow& row = kKeyRows[id];
  if (row.size != size || row.ends.first != ends.first || row.ends.last != ends.last) return 0;
  if (size > 16 && (Load64(key + 8) != row.second || Load64(key + size - 16) != row.last_but_one)) {
    return 0;
  }
  return id;
}

/// The integer of a key, 1 to kKeyIdMax, or 0 if the table has none.
unsigned KeyId(std::string_view key);
/// The key of an integer. REQUIRES: 1 <= id <= kKeyIdMax.
std::string_view KeyName(unsigned id);

}  // namespace lowband::transcode
