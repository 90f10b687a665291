// The position of an observation of a sync, in the bytes that the edge keeps for the translator.
//
//   0     1                 9
//   1     residue, 8 bytes  next_batch to the end
//   2     residue, 8 bytes  count  count × (length  name  length, 2 bytes  since)  pos to the end
//
// Version 2 is written only when extensions of sliding sync have positions of their own.
// Another version may have written it, so bytes that do not parse are no error but no cursor.
//
// Threading: free functions; any thread. Limits: limits.h. Spec: proto/lowband/v1/translator.proto,
// Observe.cursor and Poll.cursor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/translator/mapping/extension_positions.h"

namespace lowband::translator::mapping {

struct Cursor {
  std::string next_batch;             ///< Or `pos`: UTF-8, not empty, at most kNextBatchBytesMax.
  uint64_t residue = 0;               ///< SyncAnswer::residue of the answer with this next_batch.
  ExtensionPositions positions = {};  ///< Within the limits of extension_positions.h.
  friend bool operator==(const Cursor&, const Cursor&) = default;
};

std::string WriteCursor(const Cursor& cursor);
std::optional<Cursor> ReadCursor(std::string_view bytes);

}  // namespace lowband::translator::mapping
