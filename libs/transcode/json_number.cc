#include "libs/transcode/json_number.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace lowband::transcode {
namespace {

const uint8_t* SkipDigits(const uint8_t* from, const uint8_t* end) {
  return std::find_if_not(from, end, IsDigit);
}

/// The parts of a number, each a range of digits that may be empty.
struct Parts {
  const uint8_t* whole;
  const uint8_t* whole_end;
  const uint8_t* fraction;
  const uint8_t* fraction_end;
  const uint8_t* exponent;
  const uint8_t* exponent_end;
  bool exponent_negative;
};

/// The end of the number, or null with `at` where it broke off.
const uint8_t* Split(const uint8_t* from, const uint8_t* end, Parts& parts, const uint8_t*& at) {
  at = *from == '-' ? from + 1 : from;
  parts.whole = at;
  parts.whole_end = SkipDigits(at, end);
  const bool leading_zero = parts.whole_end - at > 1 && *at == '0';
  if (leading_zero) ++at;
  if (parts.whole == parts.whole_end || leading_zero) return nullptr;
  at = parts.whole_end;
  parts.fraction = parts.fraction_end = parts.exponent = parts.exponent_end = at;
  parts.exponent_negative = false;
  if (at != end && *at == '.') {
    parts.fraction = ++at;
    parts.fraction_end = SkipDigits(at, end);
    if (parts.fraction == parts.fraction_end) return nullptr;
    at = parts.fraction_end;
  }
  if (at != end && (*at | 0x20) == 'e') {
    ++at;
    if (at != end && (*at == '-' || *at == '+')) parts.exponent_negative = *at++ == '-';
    parts.exponent = at;
    parts.exponent_end = SkipDigits(at, end);
    if (parts.exponent == parts.exponent_end) return nullptr;
    at = parts.exponent_end;
  }
  return at;
}

/// Whether the decimal point, moved by the exponent, leaves digits before it: distinguishes a
/// number too large for a double from one too small.
bool IsLarge(const Parts& parts) {
  constexpr int64_t kHuge = int64_t{1} << 40;
  int64_t exponent = 0;
  for (const uint8_t* p = parts.exponent; p != parts.exponent_end; ++p) {
    exponent = std::min(exponent * 10 + (*p - '0'), kHuge);
  }
  if (parts.exponent_negative) exponent = -exponent;
  if (*parts.whole != '0') return parts.whole_end - parts.whole + exponent > 0;
  const uint8_t* first =
      std::find_if(parts.fraction, parts.fraction_end, [](uint8_t c) { return c != '0'; });
  return exponent - (first - parts.fraction) > 0;
}

}  // namespace

NumberResult WriteNumber(const uint8_t* from, const uint8_t* end, uint8_t* out) {
  NumberResult result;
  Parts parts;
  const uint8_t* at = from;
  result.next = Split(from, end, parts, at);
  if (result.next == nullptr) {
    result.at = at;
    return result;
  }
  const char* const first = reinterpret_cast<const char*>(from);
  const char* const last = reinterpret_cast<const char*>(result.next);
  const bool negative = *from == '-';
  if (parts.whole_end == result.next) {
    uint64_t magnitude = 0;
    const auto whole = std::from_chars(first + (negative ? 1 : 0), last, magnitude);
    constexpr uint64_t kLowest = uint64_t{1} << 63;
    if (whole.ec == std::errc{} && (!negative || magnitude <= kLowest)) {
      result.out = WriteInteger(out, negative, magnitude);
      return result;
    }
  }
  double value = 0;
  if (std::from_chars(first, last, value).ec == std::errc::result_out_of_range) {
    value = IsLarge(parts) ? std::numeric_limits<double>::max() : 0.0;
    if (negative) value = -value;
  }
  result.out = WriteDouble(out, value);
  return result;
}

}  // namespace lowband::transcode
