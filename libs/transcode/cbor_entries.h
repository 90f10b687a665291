// The entries of a CBOR map that closes: those replaced by a later one of the same key, and the
// canonical order.
//
// Threading: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "libs/transcode/edits.h"
#include "libs/transcode/key_records.h"

namespace lowband::transcode {

/// The written entries of one map: `records` holds the key of each, in order; the last ends at
/// `end`. Places are offsets in `out`.
struct CborEntries {
  uint8_t* out;
  std::span<const KeyRecord> records;
  uint32_t end;

  uint32_t End(size_t i) const { return i + 1 < records.size() ? records[i + 1].entry : end; }
};

/// Marks each entry whose key comes again later: of equal keys the last one stays.
std::vector<bool> Replaced(const CborEntries& entries);

/// Adds the marked entries to `drops`; returns how many stay.
size_t DropReplaced(const CborEntries& entries, const std::vector<bool>& replaced, Drops& drops);

/// What is left of the entries once sorted in place.
struct SortedEntries {
  size_t count;
  uint32_t end;
};

/// Puts the entries that are not marked (`replaced` may be empty: none is) in the order of RFC 7049
/// §3.9: the shorter encoded key first, then bytewise.
SortedEntries SortEntries(const CborEntries& entries, const std::vector<bool>& replaced);

}  // namespace lowband::transcode
