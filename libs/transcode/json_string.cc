#include "libs/transcode/json_string.h"

#include <array>

namespace lowband::transcode {
namespace {

constexpr uint32_t kReplacement = 0xfffd;

int HexDigit(uint8_t byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  const uint8_t lower = byte | 0x20;
  if (lower >= 'a' && lower <= 'f') return lower - 'a' + 10;
  return -1;
}

/// Reads four hexadecimal digits and moves past them, or to the first other byte.
bool ReadUnit(const uint8_t*& from, const uint8_t* end, uint32_t& unit) {
  unit = 0;
  for (const uint8_t* const last = from + 4; from != last; ++from) {
    const int digit = from == end ? -1 : HexDigit(*from);
    if (digit < 0) return false;
    unit = unit << 4 | static_cast<uint32_t>(digit);
  }
  return true;
}

bool IsHighSurrogate(uint32_t unit) { return unit >> 10 == 0xd800 >> 10; }
bool IsLowSurrogate(uint32_t unit) { return unit >> 10 == 0xdc00 >> 10; }

/// Reads the text after "\u": one unit, or the pair that it begins.
bool ReadCodePoint(const uint8_t*& from, const uint8_t* end, uint32_t& code) {
  if (!ReadUnit(from, end, code)) return false;
  if (IsLowSurrogate(code)) code = kReplacement;
  if (!IsHighSurrogate(code)) return true;
  const uint32_t high = code;
  code = kReplacement;
  if (end - from < 2 || from[0] != '\\' || from[1] != 'u') return true;
  const uint8_t* next = from + 2;
  uint32_t low = 0;
  if (!ReadUnit(next, end, low)) {
    from = next;
    return false;
  }
  if (!IsLowSurrogate(low)) return true;  // a separate escape, read again
  code = 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
  from = next;
  return true;
}

uint8_t* WriteUtf8(uint8_t* out, uint32_t code) {
  const auto tail = [&](unsigned shift) {
    return static_cast<uint8_t>(0x80 | (code >> shift & 0x3f));
  };
  if (code < 0x80) {
    *out++ = static_cast<uint8_t>(code);
  } else if (code < 0x800) {
    *out++ = static_cast<uint8_t>(0xc0 | code >> 6);
    *out++ = tail(0);
  } else if (code < 0x10000) {
    *out++ = static_cast<uint8_t>(0xe0 | code >> 12);
    *out++ = tail(6);
    *out++ = tail(0);
  } else {
    *out++ = static_cast<uint8_t>(0xf0 | code >> 18);
    *out++ = tail(12);
    *out++ = tail(6);
    *out++ = tail(0);
  }
  return out;
}

/// The character of a one-letter escape; 0 for no escape.
constexpr auto kEscapes = [] {
  std::array<uint8_t, 256> escapes{};
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  escapes['/'] = '/';
  escapes['b'] = '\b';
  escapes['f'] = '\f';
  escapes['n'] = '\n';
  escapes['r'] = '\r';
  escapes['t'] = '\t';
  return escapes;
}();

/// Reads the escape at `from`, writes its character and moves past it; or moves to the faulty byte.
bool WriteEscape(const uint8_t*& from, const uint8_t* end, uint8_t*& out) {
  if (++from == end) return false;
  const uint8_t letter = *from;
  if (letter == 'u') {
    uint32_t code = 0;
    if (!ReadCodePoint(++from, end, code)) return false;
    out = WriteUtf8(out, code);
    return true;
  }
  if (kEscapes[letter] == 0) return false;
  *out++ = kEscapes[letter];
  ++from;
  return true;
}

}  // namespace

StringResult WriteEscapedString(const uint8_t* from, const uint8_t* escape, const uint8_t* end,
                                uint8_t* out) {
  // Texts with escapes are mostly of 24 to 255 bytes; others are moved once their size is known.
  uint8_t* const text = out + HeadBytes(kInfoUint8);
  uint8_t* text_end = text;
  while (true) {
    const size_t run = static_cast<size_t>(escape - from);
    CopyPadded(text_end, from, run, end);
    text_end += run;
    from = escape;
    if (from == end) return {nullptr, nullptr, end};
    if (*from == '"') break;
    if (*from != '\\' || !WriteEscape(from, end, text_end)) return {nullptr, nullptr, from};
    escape = FindSpecial(from, end);
  }
  const size_t size = static_cast<size_t>(text_end - text);
  if (HeadBytes(size) != HeadBytes(kInfoUint8)) std::memmove(out + HeadBytes(size), text, size);
  return {from + 1, WriteHead(out, Major::kText, size) + size, nullptr};
}

}  // namespace lowband::transcode
