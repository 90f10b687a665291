// The file with the position after the last printed event: the next_batch of the last answer.
//
// Threading: main. Limits: kCursorBytesMax.
#pragma once

#include <string>

namespace lowband::tools {

/// Empty if there is no such file yet. Throws UsageError naming the file.
std::string ReadCursor(const std::string& path);

/// Replaces the file atomically, mode 0600: after any failure it holds the old cursor or the new
/// one. Throws UsageError naming the file.
void WriteCursor(const std::string& path, const std::string& next_batch);

}  // namespace lowband::tools
