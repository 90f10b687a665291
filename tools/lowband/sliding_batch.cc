#include "tools/lowband/sliding_batch.h"

#include <utility>

namespace lowband::tools {
namespace {

using Json = EventJson;

bool IsTrue(const Json& object, const char* name) {
  const Json* member = Member(object, name);
  return member != nullptr && member->is_boolean() && member->get<bool>();
}

class Reader {
 public:
  Reader(SyncFormat format, SyncBatch& batch) : format_(format), batch_(batch) {}

  void ReadAll(const Json& answer) {
    const Json* extensions = Member(answer, "extensions");
    if (extensions != nullptr) {
      if (const Json* to_device = Member(*extensions, "to_device")) {
        batch_.to_device = Text(*to_device, "next_batch");
        ReadEvents(Member(*to_device, "events"), "", "to_device");
      }
      if (const Json* account_data = Member(*extensions, "account_data")) {
        ReadEvents(Member(*account_data, "global"), "", "account_data");
      }
    }
    ReadRooms(answer);
    if (extensions == nullptr) return;
    for (const char* name : {"account_data", "receipts", "typing"}) {
      if (const Json* extension = Member(*extensions, name)) ReadByRoom(*extension, name);
    }
  }

 private:
  void ReadRooms(const Json& answer) {
    const Json* rooms = Member(answer, "rooms");
    if (rooms == nullptr || !rooms->is_object()) return;
    for (const auto& [room_id, room] : rooms->items()) {
      for (const char* name : {"invite_state", "required_state", "timeline"}) {
        ReadEvents(Member(room, name), room_id, name);
      }
      if (!IsTrue(room, "limited") || IsTrue(room, "initial")) continue;
      batch_.gaps.push_back({room_id, Text(room, "prev_batch")});
    }
  }

  /// One event, or an array of events, for each room.
  void ReadByRoom(const Json& extension, const char* section) {
    const Json* rooms = Member(extension, "rooms");
    if (rooms == nullptr || !rooms->is_object()) return;
    for (const auto& [room_id, events] : rooms->items()) {
      if (events.is_object()) {
        ReadEvent(events, room_id, section);
      } else {
        ReadEvents(&events, room_id, section);
      }
    }
  }

  void ReadEvents(const Json* events, const std::string& room_id, const char* section) {
    if (events == nullptr || !events->is_array()) return;
    for (const Json& event : *events) ReadEvent(event, room_id, section);
  }

  void ReadEvent(const Json& event, const std::string& room_id, const char* section) {
    if (!event.is_object()) return;
    batch_.events.push_back(MakeSyncEvent(event, room_id, section, format_));
  }

  const SyncFormat format_;
  SyncBatch& batch_;
};

}  // namespace

Result<SyncBatch, std::string> ReadSlidingBatch(std::string_view json, SyncFormat format) {
  const Json answer = ParseAnswer(json);
  if (!answer.is_object()) return Failure(std::string("it is no JSON object"));
  SyncBatch batch;
  batch.next_batch = Text(answer, "pos");
  if (!batch.next_batch.empty()) Reader(format, batch).ReadAll(answer);
  return batch;
}

}  // namespace lowband::tools
