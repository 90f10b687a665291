#include "libs/http/text.h"

#include <algorithm>

#include "libs/http/field.h"

namespace lowband::http {
namespace {

/// RFC 9110 §5.6.3. No other character is a space: readers that trim a vertical tab or a no-break
/// space saw "chunked" where others did not.
std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

Line ReadLine(std::string_view in) {
  const auto stop = std::ranges::find_if(
      in, [](char byte) { return byte == '\r' || byte == '\n' || byte == '\0'; });
  const size_t size = static_cast<size_t>(stop - in.begin());
  const std::string_view rest = in.substr(size);
  const std::string_view text = in.substr(0, size);
  if (rest.starts_with("\r\n")) return {Line::State::kWhole, text};
  return {rest.empty() || rest == "\r" ? Line::State::kCutOff : Line::State::kMalformed, text};
}

Result<FieldView, std::string_view> ReadField(std::string_view line) {
  const auto wrong = [](std::string_view text) { return Failure(text); };
  if (IsFolded(line)) return wrong("a folded field line");
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return wrong("a field line without a colon");
  const FieldView field{line.substr(0, colon), Trim(line.substr(colon + 1))};
  if (!IsToken(field.name)) return wrong("a field name that is no token");
  if (!IsFieldValue(field.value)) return wrong("a control character in a field value");
  return field;
}

std::optional<std::string_view> Elements::Next() {
  if (!rest_) return std::nullopt;
  const size_t comma = rest_->find(',');
  const std::string_view element = Trim(rest_->substr(0, comma));
  if (comma == std::string_view::npos) {
    rest_.reset();
  } else {
    rest_->remove_prefix(comma + 1);
  }
  return element;
}

}  // namespace lowband::http
