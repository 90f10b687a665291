// One answer of /sync, split into its events in printed form.
//
// Threading: any. Limits: sync_limits.h. Spec: Matrix client-server API, "Syncing".
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "libs/base/result.h"
#include "tools/lowband/sync_event.h"

namespace lowband::tools {

/// Events of a room that the server omitted before those of the batch ("limited").
struct SyncGap {
  std::string room_id;
  std::string prev_batch;  ///< Start for /messages backwards; empty: the server gave none.
};
struct SyncBatch {
  std::string next_batch;  ///< Empty: this is no sync result (an observation begins with {}).
  std::string to_device;   ///< Of sliding sync: next_batch of its to-device messages.
  std::vector<SyncEvent> events;
  std::vector<SyncGap> gaps;
};

/// The error names the fault of `json`.
Result<SyncBatch, std::string> ReadBatch(std::string_view json, SyncFormat format);

/// Lines for people about the missing events. `first`: for an initial sync, which always has only
/// the newest events.
std::vector<std::string> GapLines(const std::vector<SyncGap>& gaps, bool first);

/// Ids of the events printed last.
class RecentEvents {
 public:
  /// False if `event_id` is among them already.
  bool Add(const std::string& event_id);

 private:
  std::unordered_set<std::string> ids_;
  std::deque<std::string> order_;
};

}  // namespace lowband::tools
