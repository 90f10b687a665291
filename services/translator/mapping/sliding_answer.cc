#include "services/translator/mapping/sliding_answer.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "services/translator/mapping/sync_reader.h"

namespace lowband::translator::mapping {
namespace {

namespace ondemand = simdjson::ondemand;

/// A member of an extension that carries events.
struct NewsMember {
  std::string_view extension;
  std::string_view key;
};
constexpr std::array<NewsMember, 5> kNews = {{
    {"to_device", "events"},
    {"account_data", "global"},
    {"account_data", "rooms"},
    {"receipts", "rooms"},
    {"typing", "rooms"},
}};

bool IsNews(std::string_view extension, std::string_view key) {
  return std::ranges::any_of(kNews, [&](const NewsMember& member) {
    return member.extension == extension && member.key == key;
  });
}

bool ReadDeviceLists(ondemand::value& value, SyncParts& parts) {
  return EachMember(value, [&parts](std::string_view key, ondemand::value& users) {
    if (key == "changed" || key == "left") return parts.News(users);
    return parts.Residue("device_lists", key, users);
  });
}

bool ReadExtensionMember(std::string_view extension, std::string_view key, ondemand::value& value,
                         SyncParts& parts) {
  if (key == "next_batch" && IsText(value)) return parts.ExtensionPosition(extension, value);
  if (IsNews(extension, key)) return parts.News(value);
  if (extension == "e2ee" && key == "device_lists" && IsObject(value)) {
    return ReadDeviceLists(value, parts);
  }
  return parts.Residue(extension, key, value);
}

bool ReadExtensions(ondemand::value& value, SyncParts& parts) {
  return EachMember(value, [&parts](std::string_view name, ondemand::value& extension) {
    if (!IsObject(extension)) return parts.Residue(name, extension);
    return EachMember(extension, [&parts, name](std::string_view key, ondemand::value& member) {
      return ReadExtensionMember(name, key, member, parts);
    });
  });
}

bool ReadMember(std::string_view key, ondemand::value& value, SyncParts& parts) {
  if (key == "pos") return parts.Position(value);
  if (key == "rooms") return parts.News(value);
  if (key == "extensions" && IsObject(value)) return ReadExtensions(value, parts);
  return parts.Residue(key, value);
}

}  // namespace

std::optional<SyncAnswer> ReadSlidingAnswer(std::string_view json) {
  return ReadParts(json, ReadMember);
}

}  // namespace lowband::translator::mapping
