// Numbers of JSON text (RFC 8259 §6) to CBOR.
//
// Threading: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libs/transcode/cbor_number.h"

namespace lowband::transcode {

struct NumberResult {
  const uint8_t* next;  ///< Behind the number; null if it is not one.
  union {
    uint8_t* out;       ///< Behind what was written.
    const uint8_t* at;  ///< Where it stopped being a number; `end` if it was cut off there.
  };
};

/// Any number, by the book. Integers of up to 64 bits stay exact; larger ones and all others are
/// read as the nearest double, and what passes its range becomes the largest double, because one
/// number in an event must not cost a client its whole sync. REQUIRES: room for kHeadBytesMax.
NumberResult ConvertNumber(const uint8_t* from, const uint8_t* end, uint8_t* out);

inline bool IsDigit(uint8_t byte) { return static_cast<uint8_t>(byte - '0') < 10; }

/// The number at `from`, which begins with a digit or a minus: integers of up to 19 digits at once,
/// the rest by ConvertNumber. REQUIRES: from < end; room for kHeadBytesMax.
inline NumberResult WriteNumber(const uint8_t* from, const uint8_t* end, uint8_t* out) {
  const bool negative = *from == '-';
  const uint8_t* const digits = from + (negative ? 1 : 0);
  const uint8_t* next = digits;
  uint64_t magnitude = 0;
  while (next != end && IsDigit(*next)) magnitude = magnitude * 10 + (*next++ - '0');
  const size_t count = static_cast<size_t>(next - digits);
  const bool plain = next == end || (*next != '.' && (*next | 0x20) != 'e');
  const bool leading_zero = count > 1 && *digits == '0';
  if (count == 0 || count > 19 || !plain || leading_zero) return ConvertNumber(from, end, out);
  NumberResult result;
  result.next = next;
  result.out = WriteInteger(out, negative, magnitude);
  return result;
}

}  // namespace lowband::transcode
