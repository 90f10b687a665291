// As ReadBatch (sync_batch.h), for an answer of sliding sync.
//
// Threading: any. Limits: sync_limits.h. Spec: MSC4186.
#pragma once

#include <string>
#include <string_view>

#include "tools/lowband/sync_batch.h"

namespace lowband::tools {

/// The error names the fault of `json`. Rooms that are new to the connection have no gaps.
Result<SyncBatch, std::string> ReadSlidingBatch(std::string_view json, SyncFormat format);

}  // namespace lowband::tools
