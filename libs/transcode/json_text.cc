#include "libs/transcode/json_text.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "libs/transcode/simd.h"

namespace lowband::transcode {
namespace {

template <class Number>
uint8_t* WriteChars(uint8_t* out, Number value) {
  char* const first = reinterpret_cast<char*>(out);
  return reinterpret_cast<uint8_t*>(std::to_chars(first, first + kNumberBytesMax, value).ptr);
}

}  // namespace

uint8_t* WriteEscape(uint8_t* out, uint8_t byte) {
  *out++ = '\\';
  switch (byte) {
    case '\b': *out++ = 'b'; return out;
    case '\f': *out++ = 'f'; return out;
    case '\n': *out++ = 'n'; return out;
    case '\r': *out++ = 'r'; return out;
    case '\t': *out++ = 't'; return out;
    case '"':
    case '\\': *out++ = byte; return out;
    default: break;
  }
  static constexpr char kDigits[] = "0123456789abcdef";
  *out++ = 'u';
  *out++ = '0';
  *out++ = '0';
  *out++ = static_cast<uint8_t>(kDigits[byte >> 4]);
  *out++ = static_cast<uint8_t>(kDigits[byte & 15]);
  return out;
}

uint8_t* WriteDecimal(uint8_t* out, uint64_t value) { return WriteChars(out, value); }

uint8_t* WriteNegativeDecimal(uint8_t* out, uint64_t argument) {
  *out++ = '-';
  if (argument == std::numeric_limits<uint64_t>::max()) {  // −2^64 has no form in 64 bits
    constexpr std::string_view kLowest = "18446744073709551616";
    std::memcpy(out, kLowest.data(), kLowest.size());
    return out + kLowest.size();
  }
  return WriteDecimal(out, argument + 1);
}

uint8_t* WriteDoubleText(uint8_t* out, double value) {
  const bool fits = std::fabs(value) < 0x1p64 && value == std::trunc(value);
  if (!fits) return WriteChars(out, value);
  if (value < 0) *out++ = '-';
  return WriteDecimal(out, static_cast<uint64_t>(std::fabs(value)));
}

void AppendJsonString(std::string_view text, std::string& json) {
  json.push_back('"');
  for (char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (!IsSpecial(byte)) {
      json.push_back(c);
      continue;
    }
    uint8_t escape[kEscapeBytesMax];
    const uint8_t* const end = WriteEscape(escape, byte);
    json.append(reinterpret_cast<const char*>(escape), static_cast<size_t>(end - escape));
  }
  json.push_back('"');
}

}  // namespace lowband::transcode
