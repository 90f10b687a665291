// The position of an observation of /sync, in the bytes that the edge keeps for the translator.
//
//   0        1                 9
//   version  residue, 8 bytes  next_batch to the end
//
// Another version may have written it, so bytes that do not parse are no error but no cursor.
//
// Threading: free functions; any thread. Limits: limits.h. Spec: proto/lowband/v1/translator.proto,
// Observe.cursor and Poll.cursor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lowband::translator::mapping {

struct Cursor {
  std::string next_batch;  ///< UTF-8, not empty, at most kNextBatchBytesMax.
  uint64_t residue = 0;    ///< SyncAnswer::residue of the answer with this next_batch.
  friend bool operator==(const Cursor&, const Cursor&) = default;
};

std::string WriteCursor(const Cursor& cursor);
std::optional<Cursor> ReadCursor(std::string_view bytes);

}  // namespace lowband::translator::mapping
