#include "services/translator/mapping/sync_reader.h"

#include <string>
#include <utility>

#include "services/translator/mapping/limits.h"

namespace lowband::translator::mapping {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view kSpaces = " \t\r\n";

bool Is(ondemand::json_type wanted, ondemand::value& value) {
  ondemand::json_type type{};
  return value.type().get(type) == simdjson::SUCCESS && type == wanted;
}

/// Null, or an object or array without content.
bool IsEmpty(std::string_view raw) {
  if (raw == "null") return true;
  if (raw.size() < 2) return false;
  const std::string_view between = raw.substr(1, raw.size() - 2);
  if (between.find_first_not_of(kSpaces) != std::string_view::npos) return false;
  return (raw.front() == '{' && raw.back() == '}') || (raw.front() == '[' && raw.back() == ']');
}

}  // namespace

void ResidueHash::Add(std::string_view text) {
  const uint64_t size = text.size();
  for (size_t shift = 0; shift < 64; shift += 8) Byte(static_cast<uint8_t>(size >> shift));
  for (const char c : text) Byte(static_cast<uint8_t>(c));
}

// simdjson may leave spaces behind it.
bool RawText(ondemand::value& value, std::string_view& raw) {
  if (simdjson::to_json_string(value).get(raw) != simdjson::SUCCESS) return false;
  raw = raw.substr(0, raw.find_last_not_of(kSpaces) + 1);
  return true;
}

bool IsObject(ondemand::value& value) { return Is(ondemand::json_type::object, value); }
bool IsText(ondemand::value& value) { return Is(ondemand::json_type::string, value); }

bool SyncParts::Position(ondemand::value& value) {
  std::string_view text;
  const bool is_text = value.get_string().get(text) == simdjson::SUCCESS;
  answer_.next_batch = text;
  return is_text;
}

bool SyncParts::ExtensionPosition(std::string_view extension, ondemand::value& value) {
  std::string_view text;
  return value.get_string().get(text) == simdjson::SUCCESS &&
         SetPosition(answer_.positions, {std::string(extension), std::string(text)});
}

bool SyncParts::News(ondemand::value& value) {
  std::string_view raw;
  if (!RawText(value, raw)) return false;
  answer_.news = answer_.news || !IsEmpty(raw);
  return true;
}

bool SyncParts::Residue(std::string_view key, ondemand::value& value) {
  std::string_view raw;
  if (!RawText(value, raw)) return false;
  residue_.Add(key);
  residue_.Add(raw);
  return true;
}

bool SyncParts::Residue(std::string_view section, std::string_view key, ondemand::value& value) {
  residue_.Add(section);
  return Residue(key, value);
}

std::optional<SyncAnswer> SyncParts::Take() {
  answer_.residue = residue_.value();
  if (answer_.next_batch.empty() || answer_.next_batch.size() > kNextBatchBytesMax) {
    return std::nullopt;
  }
  return std::move(answer_);
}

}  // namespace lowband::translator::mapping
