// The key table of the packed format: keys of today's Matrix documents that the table of MSC3079
// lacks, and their integers from 105 on. Other tables give these integers other keys, so they occur
// in the packed format only. Rows are added at the end, and never changed.
//
// Threading: constant tables, made at compile time from cbor_keys_v2.tsv; any thread.
#pragma once

#include <string_view>

#include "libs/transcode/key_table.h"

namespace lowband::transcode {

/// Integers up to here have a head of two bytes.
inline constexpr unsigned kKeyIdMaxV2 = 255;

/// The integer of a key, kKeyIdMax + 1 to kKeyIdMaxV2, or 0 if the table has none.
unsigned KeyIdV2(std::string_view key);
/// The key of an integer. REQUIRES: kKeyIdMax < id <= kKeyIdMaxV2.
std::string_view KeyNameV2(unsigned id);

}  // namespace lowband::transcode
