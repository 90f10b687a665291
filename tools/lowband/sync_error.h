// What an answer that is no success means for `lowband sync`.
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
  bool passes = false;  ///< Asking again may help.
  Duration wait{};      ///< The server asked for so long.
};
SyncError ReadError(const client::Response& response);

}  // namespace lowband::tools
