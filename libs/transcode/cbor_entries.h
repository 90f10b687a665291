// The entries of a CBOR map at its end: removal of entries replaced by a later one with the same
// key, and the canonical order.
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
/// `end`. All places are offsets in `out`.
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

/// The remaining entries after sorting in place.
struct SortedEntries {
  size_t count;
  uint32_t end;
};

/// Sorts the unmarked entries (`replaced` may be empty: none is marked) by RFC 7049 §3.9: the
/// shorter encoded key first, then bytewise.
SortedEntries SortEntries(const CborEntries& entries, const std::vector<bool>& replaced);

}  // namespace lowband::transcode
