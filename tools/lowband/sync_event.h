// One event of a sync in printed form, and readers for the JSON around it.
//
// Threading: any. Limits: sync_limits.h.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace lowband::tools {

/// Ordered, so that events are printed in the server's order.
using EventJson = nlohmann::ordered_json;

enum class SyncFormat : uint8_t {
  kLines,  ///< ROOM SENDER TYPE TEXT
  kJson,   ///< The event with its room_id and its section ("join.timeline") in one line.
};

struct SyncEvent {
  std::string event_id;  ///< Empty for events without one: typing, presence, to-device.
  std::string line;      ///< Without a newline.
};

SyncEvent MakeSyncEvent(const EventJson& event, const std::string& room_id,
                        const std::string& section, SyncFormat format);

/// Discarded if it is no JSON; without values deeper than kJsonDepthMax.
EventJson ParseAnswer(std::string_view json);

/// Null: no such member.
const EventJson* Member(const EventJson& object, const char* name);
/// Empty: no such text.
std::string Text(const EventJson& object, const char* name);
/// An identifier for a line; "-" if it is empty.
std::string Field(const std::string& text);

/// One line for a terminal: control characters and characters that change the direction of text
/// become spaces, and text beyond `shown` code points is cut. Events contain any text that senders
/// choose.
std::string Printable(std::string_view text, size_t shown);

}  // namespace lowband::tools
