#include "services/translator/mapping/sliding_answer.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "services/translator/mapping/json_edit.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/sync_values.h"

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

bool Is(ondemand::json_type wanted, ondemand::value& value) {
  ondemand::json_type type{};
  return value.type().get(type) == simdjson::SUCCESS && type == wanted;
}
bool IsObject(ondemand::value& value) { return Is(ondemand::json_type::object, value); }
bool IsText(ondemand::value& value) { return Is(ondemand::json_type::string, value); }

class Reader {
 public:
  bool Read(std::string_view json) {
    const simdjson::padded_string text(json);
    ondemand::parser parser;
    ondemand::document document;
    ondemand::object object;
    if (parser.iterate(text).get(document) != simdjson::SUCCESS) return false;
    if (document.get_object().get(object) != simdjson::SUCCESS) return false;
    const auto member = [this](std::string_view key, ondemand::value& value) {
      if (key == "pos") return Position(value);
      if (key == "rooms") return News(value);
      if (key == "extensions" && IsObject(value)) return Extensions(value);
      return Residue(key, value);
    };
    return Each(object, member) && document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  }

  SyncAnswer Take() {
    answer_.residue = residue_.value();
    return std::move(answer_);
  }

 private:
  /// Calls `read` with each member, until it is false.
  template <class ReadMember>
  static bool Each(ondemand::object& object, ReadMember read) {
    for (auto member : object) {
      ondemand::field field;
      std::string_view key;
      if (std::move(member).get(field) != simdjson::SUCCESS) return false;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
      if (!read(key, field.value())) return false;
    }
    return true;
  }
  template <class ReadMember>
  static bool Each(ondemand::value& value, ReadMember read) {
    ondemand::object object;
    return value.get_object().get(object) == simdjson::SUCCESS && Each(object, read);
  }

  bool Position(ondemand::value& value) {
    std::string_view text;
    const bool is_text = value.get_string().get(text) == simdjson::SUCCESS;
    answer_.next_batch = text;
    return is_text;
  }

  bool Extensions(ondemand::value& value) {
    return Each(value, [this](std::string_view name, ondemand::value& extension) {
      if (!IsObject(extension)) return Residue(name, extension);
      return Each(extension, [this, name](std::string_view key, ondemand::value& member) {
        return ExtensionMember(name, key, member);
      });
    });
  }

  bool ExtensionMember(std::string_view extension, std::string_view key, ondemand::value& value) {
    if (key == "next_batch" && IsText(value)) return ExtensionPosition(extension, value);
    if (IsNews(extension, key)) return News(value);
    if (extension == "e2ee" && key == "device_lists" && IsObject(value)) return DeviceLists(value);
    residue_.Add(extension);
    return Residue(key, value);
  }

  bool ExtensionPosition(std::string_view extension, ondemand::value& value) {
    std::string_view text;
    return value.get_string().get(text) == simdjson::SUCCESS &&
           SetPosition(answer_.positions, {std::string(extension), std::string(text)});
  }

  bool DeviceLists(ondemand::value& value) {
    return Each(value, [this](std::string_view key, ondemand::value& users) {
      if (key == "changed" || key == "left") return News(users);
      residue_.Add("device_lists");
      return Residue(key, users);
    });
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

std::optional<SyncAnswer> ReadSlidingAnswer(std::string_view json) {
  Reader reader;
  if (!IsJsonObject(json) || !reader.Read(json)) return std::nullopt;
  SyncAnswer answer = reader.Take();
  if (answer.next_batch.empty() || answer.next_batch.size() > kNextBatchBytesMax) {
    return std::nullopt;
  }
  return answer;
}

}  // namespace lowband::translator::mapping
