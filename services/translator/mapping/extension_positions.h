// The positions that extensions of sliding sync have beside the connection's `pos`: the answer's
// `extensions.NAME.next_batch`, which the next request repeats as `extensions.NAME.since`. For
// to_device it acknowledges the messages before it: a homeserver sends all of them again to a
// request without it, and deletes them at one with it.
//
// Threading: free functions; any thread. Limits: limits.h. Spec: MSC4186; MSC3885 (to_device),
// MSC4354 (sticky events).
#pragma once

#include <string>
#include <vector>

namespace lowband::translator::mapping {

struct ExtensionPosition {
  std::string extension;  ///< UTF-8, at most kExtensionNameBytesMax.
  std::string since;      ///< UTF-8, at most kExtensionPositionBytesMax.
  friend bool operator==(const ExtensionPosition&, const ExtensionPosition&) = default;
};
/// One for each extension at most.
using ExtensionPositions = std::vector<ExtensionPosition>;

/// Adds it, or replaces the one of its extension. False: over a limit.
bool SetPosition(ExtensionPositions& positions, ExtensionPosition position);

/// `before` with the positions of a newer answer; an extension that the answer does not mention
/// stays where it was.
ExtensionPositions Updated(ExtensionPositions before, ExtensionPositions newer);

/// Sets `since` of the extensions that the request's body, which is JSON, names.
void WritePositions(const ExtensionPositions& positions, std::string& body);

}  // namespace lowband::translator::mapping
