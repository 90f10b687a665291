// The meaning of an answer that is no success for `lowband sync`.
//
// Threading: any. Spec: Matrix client-server API, "Standard error response"; RFC 8516.
#pragma once

#include <optional>
#include <string>

#include "libs/base/time.h"
#include "libs/client/event.h"

namespace lowband::tools {

struct SyncError {
  std::string text;     ///< "4.01 Unauthorized: M_UNKNOWN_TOKEN: …", fit for a terminal.
  bool passes = false;  ///< A repeat may succeed.
  bool position_unknown = false;  ///< Sliding sync is to begin anew (MSC4186).
  Duration wait{};                ///< The server requested this wait.
};
SyncError ReadError(const client::Response& response);

}  // namespace lowband::tools
