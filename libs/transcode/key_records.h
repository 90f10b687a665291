// The keys of the open maps, to find duplicate keys in one map.
//
// A key is kept as a hash and its place in the output, where its text is complete and has canonical
// escapes. A small filter per map excludes duplicates for nearly all maps; for the others the
// hashes are compared, and texts only for equal hashes. The cost is never quadratic, with any
// input.
//
// Threading: one call of the transcoder. Limits: 16 bytes for each key of the open maps.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include "libs/transcode/key_table.h"

namespace lowband::transcode {

// Records and filters are not initialised to zero: each call has hundreds of them.

struct KeyRecord {
  uint64_t hash;    ///< Equal texts have equal hashes.
  uint32_t entry;   ///< Where the key begins in the output.
  uint32_t source;  ///< Where the key begins in the input.
};

/// The hash of a key of the table, in either form.
inline uint64_t KeyIdHash(unsigned id) { return id * 0x9e3779b97f4a7c15; }
/// The hash of any other key. `start` is that of its `size` bytes.
uint64_t KeyTextHash(const uint8_t* key, size_t size, KeyStart start);

/// The keys seen in one map. Bits are never cleared, so "new" is never wrong.
class KeyFilter {
 public:
  void Clear() {
    ids_[0] = ids_[1] = 0;
    hashes_ = 0;
  }
  /// True if the key of the table was seen before, as integer or as string.
  bool SeenId(unsigned id) { return TestAndSet(ids_[id / 64], uint64_t{1} << (id % 64)); }
  /// True if another key of this hash may have been seen before.
  bool MaybeSeen(uint64_t hash) { return TestAndSet(hashes_, uint64_t{1} << (hash >> 58)); }

 private:
  static bool TestAndSet(uint64_t& word, uint64_t bit) {
    const bool seen = (word & bit) != 0;
    word |= bit;
    return seen;
  }

  std::array<uint64_t, 2> ids_;
  uint64_t hashes_;
};
static_assert(kKeyIdMax < 128);

/// A stack of records: each open map has the top part from its own base on. The first ones need no
/// memory from the heap.
class KeyRecords {
 public:
  KeyRecords() : records_(first_), capacity_(std::size(first_)) {}
  KeyRecords(const KeyRecords&) = delete;
  KeyRecords& operator=(const KeyRecords&) = delete;

  uint32_t size() const { return size_; }
  void Push(const KeyRecord& record) {
    if (size_ == capacity_) Grow();
    records_[size_++] = record;
  }
  void Pop(uint32_t base) { size_ = base; }
  std::span<const KeyRecord> From(uint32_t base) const { return {records_ + base, size_ - base}; }

  /// True if two records from `base` on share a hash.
  bool AnyEqualHash(uint32_t base) const;

 private:
  void Grow();

  KeyRecord first_[64];
  std::unique_ptr<KeyRecord[]> more_;
  KeyRecord* records_;  ///< first_ or more_
  uint32_t capacity_;
  uint32_t size_ = 0;
};

/// Calls `group` with the indices, ascending, of each set of two or more records that share hash
/// and text. `text(record)` gives the text of a key. Slow; for maps in which hashes were equal.
template <class TextOf, class Group>
void ForEachEqualKey(std::span<const KeyRecord> records, TextOf text, Group group) {
  std::vector<uint32_t> order(records.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto compare = [&](uint32_t a, uint32_t b) {
    if (records[a].hash != records[b].hash) return records[a].hash < records[b].hash ? -1 : 1;
    return text(records[a]).compare(text(records[b]));
  };
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const int sign = compare(a, b);
    return sign != 0 ? sign < 0 : a < b;
  });
  for (size_t first = 0; first < order.size();) {
    size_t last = first + 1;
    while (last < order.size() && compare(order[first], order[last]) == 0) ++last;
    if (last - first > 1) group(std::span<const uint32_t>(order).subspan(first, last - first));
    first = last;
  }
}

}  // namespace lowband::transcode
