// Numbers in CBOR: the shortest integer or the shortest exact float.
//
// Threading: pure functions. Spec: RFC 8949 §3.3, §4.1.
#pragma once

#include <cstdint>

#include "libs/transcode/cbor_head.h"

namespace lowband::transcode {

/// Writes ±magnitude as an integer. REQUIRES: room for kHeadBytesMax; a negative zero is zero.
inline uint8_t* WriteInteger(uint8_t* out, bool negative, uint64_t magnitude) {
  if (negative && magnitude != 0) return WriteHead(out, Major::kNegative, magnitude - 1);
  return WriteHead(out, Major::kUnsigned, magnitude);
}

/// True if `value` is whole and within ±kIntegerMax: it then travels as an integer.
bool IsInteger(double value);

/// Writes `value` as an integer if IsInteger(value), else as a float of 2, 4 or 8 bytes, whichever
/// is the shortest that loses nothing. REQUIRES: room for kHeadBytesMax.
uint8_t* WriteDouble(uint8_t* out, double value);

/// The value of an IEEE 754 half-precision float (RFC 8949 appendix D).
double HalfToDouble(uint16_t half);

}  // namespace lowband::transcode
