// Numbers of JSON text (RFC 8259 §6) to CBOR.
//
// Threading: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libs/transcode/cbor_number.h"
#include "libs/transcode/simd.h"

namespace lowband::transcode {

struct NumberResult {
  const uint8_t* next;  ///< After the number; null if it is not one.
  union {
    uint8_t* out;       ///< After the written bytes.
    const uint8_t* at;  ///< Where it stopped being a number; `end` if it was cut off there.
  };
};

/// Any number of RFC 8259. Integers from −2^63 to 2^64 − 1 stay exact; all other numbers become the
/// nearest double, and those beyond its range the largest double, because one number in an event
/// must not cost a client its whole sync. REQUIRES: from < end; room for kHeadBytesMax, which for
/// anything but a float is no more than the number takes in JSON.
NumberResult WriteNumber(const uint8_t* from, const uint8_t* end, uint8_t* out);

inline bool IsDigit(uint8_t byte) { return static_cast<uint8_t>(byte - '0') < 10; }

/// True if all eight bytes of `word` are digits.
inline bool AreDigits(uint64_t word) {
  constexpr uint64_t kHighHalves = 0xf0f0f0f0f0f0f0f0;
  const uint64_t above = (word + 0x0606060606060606) & kHighHalves;  // ':' and up reach 0x40
  return ((word & kHighHalves) | above >> 4) == 0x3333333333333333;
}

/// The value of eight digits: by pairs, by fours, by eights.
inline uint64_t ValueOfDigits(uint64_t word) {
  word -= 0x3030303030303030;
  word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ff;
  word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffff;
  return (word * 10'000 + (word >> 32)) & 0xffffffff;
}

/// The number at `from` if it is an integer of up to 19 characters; else next is null: use
/// WriteNumber. REQUIRES: as above.
inline NumberResult WriteShortInteger(const uint8_t* from, const uint8_t* end, uint8_t* out) {
  const bool negative = *from == '-';
  const uint8_t* const digits = from + (negative ? 1 : 0);
  const uint8_t* next = digits;
  uint64_t magnitude = 0;
  while (end - next >= 8 && AreDigits(Load64(next))) {  // a number that overflows is too long, too
    magnitude = magnitude * 100'000'000 + ValueOfDigits(Load64(next));
    next += 8;
  }
  while (next != end && IsDigit(*next)) magnitude = magnitude * 10 + (*next++ - '0');
  const size_t count = static_cast<size_t>(next - digits);
  const bool plain = next == end || (*next != '.' && (*next | 0x20) != 'e');
  const bool leading_zero = count > 1 && *digits == '0';
  NumberResult result;
  const size_t digits_max = negative ? 18 : 19;  // a negative one of 19 may be below −2^63
  result.next = plain && !leading_zero && count - 1 < digits_max ? next : nullptr;
  result.out = WriteInteger(out, negative, magnitude);
  return result;
}

}  // namespace lowband::transcode
