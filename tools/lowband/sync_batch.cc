#include "tools/lowband/sync_batch.h"

#include <algorithm>

#include "tools/lowband/sync_limits.h"

namespace lowband::tools {
namespace {

using Json = EventJson;

class Reader {
 public:
  explicit Reader(SyncFormat format) : format_(format) {}

  void ReadAll(const Json& answer) {
    for (const char* name : {"account_data", "to_device", "presence"}) {
      ReadSection(answer, name, "", name);
    }
    const Json* rooms = Member(answer, "rooms");
    if (rooms == nullptr) return;
    for (const char* membership : {"invite", "knock", "join", "leave"}) {
      const Json* of_membership = Member(*rooms, membership);
      if (of_membership == nullptr || !of_membership->is_object()) continue;
      for (const auto& [room_id, room] : of_membership->items()) {
        for (const char* name :
             {"invite_state", "knock_state", "state", "timeline", "ephemeral", "account_data"}) {
          ReadSection(room, name, room_id, std::string(membership) + "." + name);
        }
        NoteGap(room, room_id);
      }
    }
  }

  std::vector<SyncEvent> TakeEvents() { return std::move(events_); }
  std::vector<SyncGap> TakeGaps() { return std::move(gaps_); }

 private:
  void ReadSection(const Json& parent, const char* name, const std::string& room_id,
                   const std::string& section) {
    const Json* container = Member(parent, name);
    const Json* events = container == nullptr ? nullptr : Member(*container, "events");
    if (events == nullptr || !events->is_array()) return;
    for (const Json& event : *events) {
      if (!event.is_object()) continue;
      events_.push_back(MakeSyncEvent(event, room_id, section, format_));
    }
  }

  void NoteGap(const Json& room, const std::string& room_id) {
    const Json* timeline = Member(room, "timeline");
    const Json* limited = timeline == nullptr ? nullptr : Member(*timeline, "limited");
    if (limited == nullptr || !limited->is_boolean() || !limited->get<bool>()) return;
    gaps_.push_back({room_id, Text(*timeline, "prev_batch")});
  }

  SyncFormat format_;
  std::vector<SyncEvent> events_;
  std::vector<SyncGap> gaps_;
};

}  // namespace

Result<SyncBatch, std::string> ReadBatch(std::string_view json, SyncFormat format) {
  const Json answer = ParseAnswer(json);
  if (!answer.is_object()) return Failure(std::string("it is no JSON object"));
  SyncBatch batch;
  batch.next_batch = Text(answer, "next_batch");
  if (batch.next_batch.empty()) return batch;
  Reader reader(format);
  reader.ReadAll(answer);
  batch.events = reader.TakeEvents();
  batch.gaps = reader.TakeGaps();
  return batch;
}

std::vector<std::string> GapLines(const std::vector<SyncGap>& gaps, bool first) {
  const std::string count = std::to_string(gaps.size());
  if (gaps.empty()) return {};
  if (first) return {"of " + count + " rooms the newest events only: they begin before this run"};
  std::vector<std::string> lines;
  for (const SyncGap& gap : gaps) {
    if (lines.size() == kGapsShownMax) {
      lines.push_back("events are missing in " + count + " rooms, more than are named here");
      break;
    }
    lines.push_back("events are missing in " + Field(gap.room_id) +
                    " before those of this batch (prev_batch " + Field(gap.prev_batch) + ")");
  }
  return lines;
}

bool RecentEvents::Add(const std::string& event_id) {
  if (!ids_.insert(event_id).second) return false;
  order_.push_back(event_id);
  if (order_.size() > kRecentEventsMax) {
    ids_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

}  // namespace lowband::tools
