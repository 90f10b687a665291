// One answer of /sync, taken apart into its events as they are printed.
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
  std::string event_id;  ///< Empty where events have none: typing, presence, to-device.
  std::string line;      ///< Without a newline.
};
/// Events of a room that the server left out before those of the batch ("limited").
struct SyncGap {
  std::string room_id;
  std::string prev_batch;  ///< From where /messages goes back; empty: the server gives none.
};
struct SyncBatch {
  std::string next_batch;  ///< Empty: this is no sync result (an observation begins with {}).
  std::vector<SyncEvent> events;
  std::vector<SyncGap> gaps;
};

/// The error says what is wrong with `json`.
Result<SyncBatch, std::string> ReadBatch(std::string_view json, SyncFormat format);

/// What is missing, in lines for people. `first`: of an initial sync, which has the newest events
/// only, as a matter of course.
std::vector<std::string> GapLines(const std::vector<SyncGap>& gaps, bool first);

/// One line for a terminal: control characters and what turns the direction of writing become
/// spaces, and what is longer than `shown` code points is cut. Senders choose what is in events.
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
