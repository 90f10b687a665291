#include "services/translator/upstream/relay_head_parser.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "services/translator/upstream/limits.h"

namespace lowband::translator::upstream {
namespace {

std::string_view TrimSpaces(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

template <class Number>
std::optional<Number> Parse(std::string_view digits) {
  Number number{};
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, number);
  if (error != std::errc() || end != last || digits.empty()) return std::nullopt;
  return number;
}

}  // namespace

bool RelayHeadParser::Add(std::string_view line) {
  bytes_ += line.size();
  if (bytes_ > kResponseHeaderBytesMax) return false;
  if (complete_) return true;
  if (line.starts_with("HTTP/")) {
    TakeStatusLine(line);
  } else if (TrimSpaces(line).empty()) {
    TakeEnd();
  } else {
    TakeField(line);
  }
  return true;
}

// Each head, those of 1xx included, begins with one.
void RelayHeadParser::TakeStatusLine(std::string_view line) {
  answer_ = {};
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return;
  answer_.status = Parse<uint16_t>(line.substr(space + 1, 3)).value_or(0);
}

void RelayHeadParser::TakeField(std::string_view line) {
  http::Fields& fields = answer_.fields;
  if (line.front() == ' ' || line.front() == '\t') {
    // A folded line (RFC 9112 §5.2): a space replaces the fold.
    if (!fields.empty()) fields.back().value.append(" ").append(TrimSpaces(line));
    return;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !http::IsToken(line.substr(0, colon))) return;
  const std::string_view value = TrimSpaces(line.substr(colon + 1));
  if (!http::IsFieldValue(value)) return;
  fields.push_back({std::string(line.substr(0, colon)), std::string(value)});
}

void RelayHeadParser::TakeEnd() {
  if (answer_.status < 200) return;
  complete_ = true;
  http::Fields& fields = answer_.fields;
  std::optional<uint64_t> length;
  bool usable = http::Find(fields, "Transfer-Encoding") == nullptr && answer_.status != 204;
  for (const http::Field& field : fields) {
    if (!http::SameToken(field.name, "Content-Length")) continue;
    const auto value = Parse<uint64_t>(field.value);
    usable = usable && value && (!length || length == value);
    length = value;
  }
  if (usable) answer_.content_length = length;
  http::Remove(fields, "Content-Length");
}

}  // namespace lowband::translator::upstream
