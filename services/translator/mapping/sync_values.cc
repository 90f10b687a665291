#include "services/translator/mapping/sync_values.h"

namespace lowband::translator::mapping {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

}  // namespace

void ResidueHash::Add(std::string_view text) {
  const uint64_t size = text.size();
  for (size_t shift = 0; shift < 64; shift += 8) Byte(static_cast<uint8_t>(size >> shift));
  for (const char c : text) Byte(static_cast<uint8_t>(c));
}

// simdjson may leave spaces behind it.
bool RawText(simdjson::ondemand::value& value, std::string_view& raw) {
  if (simdjson::to_json_string(value).get(raw) != simdjson::SUCCESS) return false;
  raw = raw.substr(0, raw.find_last_not_of(kSpaces) + 1);
  return true;
}

bool IsEmpty(std::string_view raw) {
  if (raw == "null") return true;
  if (raw.size() < 2) return false;
  const std::string_view between = raw.substr(1, raw.size() - 2);
  if (between.find_first_not_of(kSpaces) != std::string_view::npos) return false;
  return (raw.front() == '{' && raw.back() == '}') || (raw.front() == '[' && raw.back() == ']');
}

}  // namespace lowband::translator::mapping
