// The byte types of all parts: owned bytes, a view of bytes, and text/byte conversions.
//
// Ownership: a ByteView never outlives the call it is passed to; code that stores it copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lowband {

using Bytes = std::vector<uint8_t>;
using ByteView = std::span<const uint8_t>;

/// The bytes of `text`, without a copy.
inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

/// `bytes` seen as text, without a copy and without any check of its encoding.
inline std::string_view AsText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void Append(Bytes& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// Lower-case hexadecimal, two digits a byte.
std::string ToHex(ByteView bytes);

/// True if `bytes` is valid UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool IsUtf8(ByteView bytes);

}  // namespace lowband
