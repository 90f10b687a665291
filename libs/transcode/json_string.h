// Strings of JSON text (RFC 8259 §7) to CBOR text strings.
//
// Threading: pure functions. The text is valid UTF-8: the caller has checked the whole input.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libs/transcode/cbor_head.h"
#include "libs/transcode/simd.h"

namespace lowband::transcode {

struct StringResult {
  const uint8_t* next;  ///< After the closing quote; null on error.
  uint8_t* out;         ///< After the written bytes.
  const uint8_t* at;    ///< On error: the faulty byte, or `end` if the closing quote is missing.
};

/// Writes the string whose first escape is at `escape` and whose text begins at `from`, after the
/// opening quote. Lone surrogates become U+FFFD, as in deployed software. REQUIRES: room for the
/// rest of the input, kHeadBytesMax and kCopyPadding.
StringResult WriteEscapedString(const uint8_t* from, const uint8_t* escape, const uint8_t* end,
                                uint8_t* out);

/// Writes the string whose text begins at `from`, after the opening quote. REQUIRES: as above.
inline StringResult WriteString(const uint8_t* from, const uint8_t* end, uint8_t* out) {
  const uint8_t* const stop = FindSpecial(from, end);
  if (stop == end) return {nullptr, nullptr, end};
  if (*stop == '\\') return WriteEscapedString(from, stop, end, out);
  if (*stop != '"') return {nullptr, nullptr, stop};
  const size_t size = static_cast<size_t>(stop - from);
  out = WriteHead(out, Major::kText, size);
  CopyPadded(out, from, size, end);
  return {stop + 1, out + size, nullptr};
}

}  // namespace lowband::transcode
