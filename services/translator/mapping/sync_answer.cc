#include "services/translator/mapping/sync_answer.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "services/translator/mapping/sync_reader.h"

namespace lowband::translator::mapping {
namespace {

namespace ondemand = simdjson::ondemand;

/// A member of the document that carries events, with its own members that hold them.
struct Section {
  std::string_view name;
  std::array<std::string_view, 4> parts;
};
constexpr std::array<Section, 5> kSections = {{
    {"rooms", {"join", "invite", "leave", "knock"}},
    {"presence", {"events"}},
    {"account_data", {"events"}},
    {"to_device", {"events"}},
    {"device_lists", {"changed", "left"}},
}};

const Section* SectionOf(std::string_view key) {
  const auto* it = std::find_if(kSections.begin(), kSections.end(),
                                [key](const Section& section) { return section.name == key; });
  return it == kSections.end() ? nullptr : it;
}

bool IsPart(const Section& section, std::string_view key) {
  return !key.empty() &&
         std::find(section.parts.begin(), section.parts.end(), key) != section.parts.end();
}

/// The members of a section.
bool ReadSection(const Section& section, ondemand::value& value, SyncParts& parts) {
  return EachMember(value, [&](std::string_view key, ondemand::value& member) {
    return IsPart(section, key) ? parts.News(member) : parts.Residue(section.name, key, member);
  });
}

bool ReadMember(std::string_view key, ondemand::value& value, SyncParts& parts) {
  if (key == "next_batch") return parts.Position(value);
  const Section* section = SectionOf(key);
  if (section == nullptr) return parts.Residue(key, value);
  return IsObject(value) ? ReadSection(*section, value, parts) : parts.News(value);
}

}  // namespace

std::optional<SyncAnswer> ReadSyncAnswer(std::string_view json) {
  return ReadParts(json, ReadMember);
}

}  // namespace lowband::translator::mapping
