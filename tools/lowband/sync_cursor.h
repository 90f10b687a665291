// The file with the position after the last printed event: the next_batch of the last answer, or
// of sliding sync its pos, and in a second line the position of the to-device messages.
//
// Threading: main. Limits: kCursorBytesMax.
#pragma once

#include <string>

namespace lowband::tools {

struct SyncPosition {
  std::string next;       ///< next_batch or pos; empty: at the very beginning.
  std::string to_device;  ///< Of sliding sync; may be empty.
};

/// Empty if there is no such file yet. Throws UsageError naming the file.
SyncPosition ReadCursor(const std::string& path);

/// Replaces the file atomically, mode 0600: after any failure it holds the old cursor or the new
/// one. Throws UsageError naming the file.
void WriteCursor(const std::string& path, const SyncPosition& position);

}  // namespace lowband::tools
