// What the readers of /sync and of sliding sync have in common: they go through a homeserver's
// answer and sort its members into position, news and residue (sync_answer.h).
//
// Threading: one call. Ownership: views of the document.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "services/translator/mapping/json_edit.h"
#include "services/translator/mapping/sync_answer.h"

namespace lowband::translator::mapping {

/// FNV-1a of 64 bits. A collision is no attack: the homeserver could as well send nothing.
class ResidueHash {
 public:
  /// With the length, so that different sequences of texts never give one sequence of bytes.
  void Add(std::string_view text);
  uint64_t value() const { return value_; }

 private:
  void Byte(uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001b3; }
  uint64_t value_ = 0xcbf29ce484222325;
};

/// Calls `read` with the key and the value of each member, until it returns false. False: it did,
/// or the object is broken.
template <class ReadMember>
bool EachMember(simdjson::ondemand::object& object, ReadMember read) {
  for (auto member : object) {
    simdjson::ondemand::field field;
    std::string_view key;
    if (std::move(member).get(field) != simdjson::SUCCESS) return false;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
    if (!read(key, field.value())) return false;
  }
  return true;
}
template <class ReadMember>
bool EachMember(simdjson::ondemand::value& value, ReadMember read) {
  simdjson::ondemand::object object;
  return value.get_object().get(object) == simdjson::SUCCESS && EachMember(object, read);
}
/// The same for a whole document.
template <class ReadMember>
bool EachMember(std::string_view json, ReadMember read) {
  const simdjson::padded_string text(json);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (parser.iterate(text).get(document) != simdjson::SUCCESS) return false;
  if (document.get_object().get(object) != simdjson::SUCCESS) return false;
  return EachMember(object, read) && document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

/// The value's text as it is written, without the spaces around it; a view of the document. False:
/// it is broken.
bool RawText(simdjson::ondemand::value& value, std::string_view& raw);
bool IsObject(simdjson::ondemand::value& value);
bool IsText(simdjson::ondemand::value& value);

/// The answer as it grows. All calls return false if the value is broken.
class SyncParts {
 public:
  /// As everywhere, the last member of a name counts.
  bool Position(simdjson::ondemand::value& value);
  bool ExtensionPosition(std::string_view extension, simdjson::ondemand::value& value);
  /// The value is news, unless it is empty.
  bool News(simdjson::ondemand::value& value);
  bool Residue(std::string_view key, simdjson::ondemand::value& value);
  /// The same for a member of `section`.
  bool Residue(std::string_view section, std::string_view key, simdjson::ondemand::value& value);

  /// None if there was no position, or one that no cursor could hold.
  std::optional<SyncAnswer> Take();

 private:
  SyncAnswer answer_;
  ResidueHash residue_;
};

/// The answer whose members `read` sorts into the parts. None if that is no JSON object, or Take()
/// gives none.
template <class ReadMember>
std::optional<SyncAnswer> ReadParts(std::string_view json, ReadMember read) {
  SyncParts parts;
  const bool whole = IsJsonObject(json) &&
                     EachMember(json, [&](std::string_view key, simdjson::ondemand::value& value) {
                       return read(key, value, parts);
                     });
  return whole ? parts.Take() : std::nullopt;
}

}  // namespace lowband::translator::mapping
