#include "tools/lowband/sync_batch.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "tools/lowband/sync_limits.h"

namespace lowband::tools {
namespace {

// Ordered, so that events are printed in the server's order.
using Json = nlohmann::ordered_json;

constexpr size_t kNameShownMax = 255;  // no Matrix identifier is longer

const Json* Member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string Text(const Json& object, const char* name) {
  const Json* member = Member(object, name);
  return member != nullptr && member->is_string() ? member->get<std::string>() : std::string();
}

std::string Field(const std::string& text) {
  return text.empty() ? "-" : Printable(text, kNameShownMax);
}

std::string ReadableLine(const Json& event, const std::string& room_id) {
  const std::string type = Text(event, "type");
  std::string line = Field(room_id) + " " + Field(Text(event, "sender")) + " " + Field(type);
  const Json* content = Member(event, "content");
  if (type == "m.room.message" && content != nullptr) {
    line += " " + Printable(Text(*content, "body"), kShownTextMax);
  }
  return line;
}

std::string JsonLine(const Json& event, const std::string& room_id, const std::string& section) {
  Json line = {{"section", section}};
  if (!room_id.empty()) line["room_id"] = room_id;
  // If an event has such a key itself, the server's value is kept.
  for (const auto& [key, value] : event.items()) {
    if (!line.contains(key)) line[key] = value;
  }
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

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
      events_.push_back({Text(event, "event_id"), format_ == SyncFormat::kJson
                                                      ? JsonLine(event, room_id, section)
                                                      : ReadableLine(event, room_id)});
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

// Bytes of the UTF-8 sequence that begins with `first`; 1 if none begins so.
size_t SequenceBytes(unsigned char first) {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}

// Characters that control a terminal: C0 and C1 controls, U+2028 to U+202E, U+2066 to U+2069.
bool IsControl(std::string_view sequence) {
  const auto byte = [sequence](size_t at) { return static_cast<unsigned char>(sequence[at]); };
  if (sequence.size() == 1) return byte(0) < 0x20 || byte(0) >= 0x7f;
  if (sequence.size() == 2) return byte(0) == 0xc2 && byte(1) < 0xa0;
  if (sequence.size() != 3 || byte(0) != 0xe2) return false;
  return (byte(1) == 0x80 && byte(2) >= 0xa8 && byte(2) <= 0xae) ||
         (byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9);
}

}  // namespace

std::string Printable(std::string_view text, size_t shown) {
  std::string out;
  for (size_t count = 0; !text.empty(); ++count) {
    if (count == shown) return out + "…";
    const size_t size = std::min(SequenceBytes(static_cast<unsigned char>(text[0])), text.size());
    const std::string_view sequence = text.substr(0, size);
    out += IsControl(sequence) ? " " : sequence;
    text.remove_prefix(size);
  }
  return out;
}

Result<SyncBatch, std::string> ReadBatch(std::string_view json, SyncFormat format) {
  // Values that are too deep for any real event are dropped, since printing recurses as deep as the
  // value.
  const auto within = [](int depth, Json::parse_event_t, const Json&) {
    return depth <= kJsonDepthMax;
  };
  const Json answer = Json::parse(json, within, /*allow_exceptions=*/false);
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
