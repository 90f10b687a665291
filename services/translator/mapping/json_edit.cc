#include "services/translator/mapping/json_edit.h"

#include <simdjson.h>

#include <span>
#include <vector>

namespace lowband::translator::mapping {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view kSpaces = " \t\r\n";

/// A parsed document; simdjson reads a padded copy of the text.
class Document {
 public:
  explicit Document(std::string_view json) : text_(json) {
    ok_ = IsJsonObject(json) && parser_.iterate(text_).get(document_) == simdjson::SUCCESS;
  }

  /// The value at `path`, with keys from the outermost in. None: a key is missing.
  std::optional<ondemand::value> Find(std::span<const std::string_view> path) {
    ondemand::object object;
    if (!ok_ || document_.get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
    ondemand::value value;
    for (size_t i = 0; i < path.size(); ++i) {
      if (i > 0 && value.get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
      if (object.find_field_unordered(path[i]).get(value) != simdjson::SUCCESS) return std::nullopt;
    }
    return value;
  }

  /// The offset of `raw`, a piece of the document, in the text.
  size_t Offset(std::string_view raw) const {
    return static_cast<size_t>(raw.data() - text_.data());
  }

 private:
  ondemand::parser parser_;
  simdjson::padded_string text_;
  ondemand::document document_;
  bool ok_ = false;
};

/// The text of a value without the spaces that simdjson may leave behind it.
std::string_view Trim(std::string_view raw) {
  const size_t last = raw.find_last_not_of(kSpaces);
  return raw.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  quoted.append(text);
  quoted.push_back('"');
  return quoted;
}

bool AddMember(std::string& json, std::string_view key, std::string_view value) {
  const size_t close = json.find_last_not_of(kSpaces);
  if (!IsJsonObject(json) || json[close] != '}') return false;
  const size_t before = close == 0 ? std::string::npos : json.find_last_not_of(kSpaces, close - 1);
  if (before == std::string::npos) return false;
  std::string member = json[before] == '{' ? "" : ",";
  member.append(Quoted(key)).append(":").append(value);
  json.insert(before + 1, member);
  return true;
}

}  // namespace

bool IsJsonObject(std::string_view json) {
  const size_t first = json.find_first_not_of(kSpaces);
  return first != std::string_view::npos && json[first] == '{';
}

bool LooksLikeJson(std::string_view json) {
  const size_t first = json.find_first_not_of(kSpaces);
  return first != std::string_view::npos && (json[first] == '{' || json[first] == '[');
}

std::string_view WithoutByteOrderMark(std::string_view json) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return json.starts_with(kMark) ? json.substr(kMark.size()) : json;
}

std::optional<std::string> StringMember(std::string_view json, std::string_view key) {
  Document document(json);
  auto value = document.Find({&key, 1});
  std::string_view text;
  if (!value || value->get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

std::optional<uint64_t> UintMember(std::string_view json, std::string_view key) {
  Document document(json);
  auto value = document.Find({&key, 1});
  uint64_t number = 0;
  if (!value || value->get_uint64().get(number) != simdjson::SUCCESS) return std::nullopt;
  return number;
}

bool ReplaceString(std::string& json, std::initializer_list<std::string_view> path,
                   std::string_view value) {
  Document document(json);
  auto found = document.Find(std::span(path.begin(), path.size()));
  ondemand::json_type type{};
  if (!found || found->type().get(type) != simdjson::SUCCESS) return false;
  if (type != ondemand::json_type::string) return false;
  const std::string_view raw = Trim(found->raw_json_token());
  json.replace(document.Offset(raw), raw.size(), Quoted(value));
  return true;
}

bool SetMember(std::string& json, std::string_view key, std::string_view value) {
  Document document(json);
  auto found = document.Find({&key, 1});
  if (!found) return AddMember(json, key, value);
  std::string_view raw;
  if (simdjson::to_json_string(*found).get(raw) != simdjson::SUCCESS) return false;
  raw = Trim(raw);
  json.replace(document.Offset(raw), raw.size(), value);
  return true;
}

}  // namespace lowband::translator::mapping
