// The members of a JSON object at its end: keys that came as integer and as string, and the
// canonical order.
//
// Threading: pure functions. Spec: MSC3079 ("the string key MUST be used"); the Matrix appendix on
// canonical JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/base/result.h"
#include "libs/transcode/edits.h"
#include "libs/transcode/key_records.h"

namespace lowband::transcode {

/// The written members of one object: `records` holds the key of each, in order; a comma is between
/// two; the last ends at `end`. All places are offsets in `out` and, for source, in `cbor`.
struct JsonMembers {
  uint8_t* out;
  std::span<const KeyRecord> records;
  uint32_t end;
  ByteView cbor;

  uint32_t Begin(size_t i) const { return records[i].entry; }
  uint32_t End(size_t i) const { return i + 1 < records.size() ? Begin(i + 1) - 1 : end; }
};

/// Marks each member whose key is an integer in CBOR and also comes as a string. Fails with the
/// offset in `cbor` of the first key that comes twice in one form.
Result<std::vector<bool>, size_t> Superseded(const JsonMembers& members);

/// Adds the marked members, each with one comma, to `drops`.
void DropSuperseded(const JsonMembers& members, const std::vector<bool>& superseded, Drops& drops);

/// Sorts the members that are not marked (`superseded` may be empty: none is) by the code points of
/// their keys, in place, and returns where they end.
uint32_t SortMembers(const JsonMembers& members, const std::vector<bool>& superseded);

}  // namespace lowband::transcode
