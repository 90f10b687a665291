#include "services/translator/mapping/sync_answer.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "services/translator/mapping/json_edit.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/sync_values.h"

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

class Reader {
 public:
  /// False if `json` is no object.
  bool Read(std::string_view json) {
    const simdjson::padded_string text(json);
    ondemand::parser parser;
    ondemand::document document;
    ondemand::object object;
    if (parser.iterate(text).get(document) != simdjson::SUCCESS) return false;
    if (document.get_object().get(object) != simdjson::SUCCESS) return false;
    for (auto member : object) {
      ondemand::field field;
      std::string_view key;
      if (std::move(member).get(field) != simdjson::SUCCESS) return false;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
      if (!Member(key, field.value())) return false;
    }
    return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  }

  SyncAnswer Take() {
    answer_.residue = residue_.value();
    return std::move(answer_);
  }

 private:
  bool Member(std::string_view key, ondemand::value& value) {
    if (key == "next_batch") {
      // As everywhere, the last member of a name counts.
      std::string_view text;
      const bool is_text = value.get_string().get(text) == simdjson::SUCCESS;
      answer_.next_batch = text;
      return is_text;
    }
    const Section* section = SectionOf(key);
    if (section == nullptr) return Residue(key, value);
    ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) return false;
    return type == ondemand::json_type::object ? Parts(*section, value) : News(value);
  }

  bool Parts(const Section& section, ondemand::value& value) {
    ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return false;
    for (auto member : object) {
      ondemand::field field;
      std::string_view key;
      if (std::move(member).get(field) != simdjson::SUCCESS) return false;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
      if (IsPart(section, key)) {
        if (!News(field.value())) return false;
      } else {
        residue_.Add(section.name);
        if (!Residue(key, field.value())) return false;
      }
    }
    return true;
  }

  bool News(ondemand::value& value) {
    std::string_view raw;
    if (!RawText(value, raw)) return false;
    answer_.news = answer_.news || !IsEmpty(raw);
    return true;
  }

  bool Residue(std::string_view key, ondemand::value& value) {
    std::string_view raw;
    if (!RawText(value, raw)) return false;
    residue_.Add(key);
    residue_.Add(raw);
    return true;
  }

  SyncAnswer answer_;
  ResidueHash residue_;
};

}  // namespace

std::optional<SyncAnswer> ReadSyncAnswer(std::string_view json) {
  Reader reader;
  if (!IsJsonObject(json) || !reader.Read(json)) return std::nullopt;
  SyncAnswer answer = reader.Take();
  if (answer.next_batch.empty() || answer.next_batch.size() > kNextBatchBytesMax) {
    return std::nullopt;
  }
  return answer;
}

}  // namespace lowband::translator::mapping
