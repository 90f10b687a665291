#include "services/translator/mapping/extension_positions.h"

#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "libs/transcode/json_text.h"
#include "services/translator/mapping/json_edit.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/sync_reader.h"

namespace lowband::translator::mapping {
namespace {

namespace ondemand = simdjson::ondemand;

/// A part of a text.
struct Part {
  size_t offset = 0;
  size_t size = 0;
};

/// The value of the last member of that name, since that one counts.
std::optional<Part> FindMember(std::string_view json, std::string_view key) {
  const simdjson::padded_string text(json);
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object object;
  if (!IsJsonObject(json) || parser.iterate(text).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  std::optional<Part> found;
  const bool read = EachMember(object, [&](std::string_view name, ondemand::value& value) {
    if (name != key) return true;
    std::string_view raw;
    if (!RawText(value, raw)) return false;
    found = {static_cast<size_t>(raw.data() - text.data()), raw.size()};
    return true;
  });
  return read ? found : std::nullopt;
}

void WritePosition(const ExtensionPosition& position, std::string& extensions) {
  const auto place = FindMember(extensions, position.extension);
  if (!place) return;
  std::string extension = extensions.substr(place->offset, place->size);
  std::string since;
  transcode::AppendJsonString(position.since, since);
  if (!SetMember(extension, "since", since)) return;
  extensions.replace(place->offset, place->size, extension);
}

}  // namespace

bool SetPosition(ExtensionPositions& positions, ExtensionPosition position) {
  if (position.extension.size() > kExtensionNameBytesMax ||
      position.since.size() > kExtensionPositionBytesMax) {
    return false;
  }
  const auto same = std::ranges::find(positions, position.extension, &ExtensionPosition::extension);
  if (same != positions.end()) {
    same->since = std::move(position.since);
    return true;
  }
  if (positions.size() == kExtensionPositionsMax) return false;
  positions.push_back(std::move(position));
  return true;
}

ExtensionPositions Updated(ExtensionPositions before, ExtensionPositions newer) {
  // Those of the answer count, even if there is no room for all of the others.
  for (ExtensionPosition& position : before) {
    const bool moved =
        std::ranges::find(newer, position.extension, &ExtensionPosition::extension) != newer.end();
    if (!moved) (void)SetPosition(newer, std::move(position));
  }
  return newer;
}

void WritePositions(const ExtensionPositions& positions, std::string& body) {
  const auto place = positions.empty() ? std::nullopt : FindMember(body, "extensions");
  if (!place) return;
  std::string extensions = body.substr(place->offset, place->size);
  for (const ExtensionPosition& position : positions) WritePosition(position, extensions);
  body.replace(place->offset, place->size, extensions);
}

}  // namespace lowband::translator::mapping
