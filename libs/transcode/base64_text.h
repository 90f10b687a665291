// Base64 text without padding, as Matrix writes keys, signatures, ciphertexts and event IDs.
//
// Only canonical text is accepted: the same bytes give the same text again, so that text may travel
// as bytes without loss. Threading: pure functions. Spec: RFC 4648 §3.2, §3.5, §4 and §5; Matrix
// appendices, "Unpadded Base64".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libs/base/bytes.h"

namespace lowband::transcode {

enum class Base64 : uint8_t {
  kStandard,  ///< '+' and '/'
  kUrl,       ///< '-' and '_'
};

/// The bytes that `text` of `size` characters stands for. REQUIRES: size % 4 != 1.
inline constexpr size_t Base64Bytes(size_t size) { return size / 4 * 3 + size % 4 * 3 / 4; }
/// The characters that stand for `size` bytes.
inline constexpr size_t Base64Characters(size_t size) {
  return size / 3 * 4 + (size % 3 * 4 + 2) / 3;
}

/// Appends the bytes of `text`. False, and nothing is appended: it is no canonical text.
bool ReadBase64(std::string_view text, Base64 alphabet, Bytes& bytes);
/// Appends the text of `bytes`.
void WriteBase64(ByteView bytes, Base64 alphabet, Bytes& text);

}  // namespace lowband::transcode
