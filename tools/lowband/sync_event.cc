#include "tools/lowband/sync_event.h"

#include <algorithm>

#include "tools/lowband/sync_limits.h"

namespace lowband::tools {
namespace {

using Json = EventJson;

constexpr size_t kNameShownMax = 255;  // no Matrix identifier is longer

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

SyncEvent MakeSyncEvent(const Json& event, const std::string& room_id, const std::string& section,
                        SyncFormat format) {
  return {Text(event, "event_id"), format == SyncFormat::kJson ? JsonLine(event, room_id, section)
                                                               : ReadableLine(event, room_id)};
}

EventJson ParseAnswer(std::string_view json) {
  // Values that are too deep for any real event are dropped, since printing recurses as deep as the
  // value.
  const auto within = [](int depth, Json::parse_event_t, const Json&) {
    return depth <= kJsonDepthMax;
  };
  return Json::parse(json, within, /*allow_exceptions=*/false);
}

}  // namespace lowband::tools
