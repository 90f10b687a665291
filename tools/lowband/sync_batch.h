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

namespace lowband::tools {

enum class SyncFormat : uint8_t {
  kLines,  ///< ROOM SENDER TYPE TEXT
  kJson,   ///< The event with its room_id and its section ("join.timeline") in one line.
};

struct SyncEvent {
  std::string event_id;  ///< Empty for events without one: typing, presence, to-device.
  std::string line;      ///< Without a newline.
};
/// Events of a room that the server omitted before those of the batch ("limited").
struct SyncGap {
  std::string room_id;
  std::string prev_batch;  ///< Start for /messages backwards; empty: the server gave none.
};
struct SyncBatch {
  std::string next_batch;  ///< Empty: this is no sync result (an observation begins with {}).
  std::vector<SyncEvent> events;
  std::vector<SyncGap> gaps;
};

/// The error names the fault of `json`.
Result<SyncBatch, std::string> ReadBatch(std::string_view json, SyncFormat format);

/// Lines for people about the missing events. `first`: for an initial sync, which always has only
/// the newest events.
std::vector<std::string> GapLines(const std::vector<SyncGap>& gaps, bool first);

/// One line for a terminal: control characters and characters that change the direction of text
/// become spaces, and text beyond `shown` code points is cut. Events contain any text that senders
/// choose.
std::string Printable(std::string_view text, size_t shown);

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
