// Numbers and escapes as JSON writes them.
//
// Threading: pure functions. Spec: RFC 8259 §6 and §7: the least escaping it allows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lowband::transcode {

/// Longest escape: \u001f.
inline constexpr size_t kEscapeBytesMax = 6;
/// Longest number: a sign, 17 digits, a point, "e-324"; and 21 for the lowest CBOR integer.
inline constexpr size_t kNumberBytesMax = 32;

/// Writes the escape of a quote, a backslash or a control character and returns where it ends.
/// REQUIRES: room for kEscapeBytesMax.
uint8_t* WriteEscape(uint8_t* out, uint8_t byte);

/// Writes an unsigned integer, or −1 − argument. REQUIRES: room for kNumberBytesMax.
uint8_t* WriteDecimal(uint8_t* out, uint64_t value);
uint8_t* WriteNegativeDecimal(uint8_t* out, uint64_t argument);

/// Writes the shortest text that reads back as `value`; whole numbers below 2^64 without
/// point or exponent, and −0 as 0. REQUIRES: finite; room for kNumberBytesMax.
uint8_t* WriteDoubleText(uint8_t* out, double value);

/// Appends `text`, which is UTF-8, as a JSON string.
void AppendJsonString(std::string_view text, std::string& json);

}  // namespace lowband::transcode
