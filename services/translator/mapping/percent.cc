#include "services/translator/mapping/percent.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace lowband::translator::mapping {
namespace {

using CharSet = std::array<bool, 256>;

constexpr CharSet Chars(std::string_view others) {
  CharSet set{};
  for (char c = 'a'; c <= 'z'; ++c) set[static_cast<uint8_t>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) set[static_cast<uint8_t>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) set[static_cast<uint8_t>(c)] = true;
  for (const char c : others) set[static_cast<uint8_t>(c)] = true;
  return set;
}

constexpr CharSet kUnreserved = Chars("-._~");
constexpr CharSet kPathChars = Chars("-._~!$&'()*+,;=:@");
constexpr std::string_view kDigits = "0123456789ABCDEF";

void Append(std::string& out, std::string_view text, const CharSet& kept) {
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (kept[byte]) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kDigits[byte >> 4]);
      out.push_back(kDigits[byte & 15]);
    }
  }
}

int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

void AppendPathSegment(std::string& out, std::string_view segment) {
  Append(out, segment, kPathChars);
}

void AppendQueryPart(std::string& out, std::string_view part) { Append(out, part, kUnreserved); }

std::string PercentDecode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && text.size() - i > 2) {
      const int high = DigitValue(text[i + 1]);
      const int low = DigitValue(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out.push_back(static_cast<char>(high << 4 | low));
        i += 2;
        continue;
      }
    }
    out.push_back(text[i]);
  }
  return out;
}

}  // namespace lowband::translator::mapping
