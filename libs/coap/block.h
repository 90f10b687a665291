// The value of a Block1 or Block2 option (RFC 7959 §2.2): block number, more flag, size exponent.
#pragma once

#include <cstdint>
#include <optional>

#include "libs/base/bytes.h"

namespace lowband::coap {

struct Block {
  uint32_t number = 0;  ///< 0 to 2^20 - 1.
  bool more = false;
  uint8_t szx = 6;  ///< 0 to 6: blocks of 2^(szx + 4) bytes.

  static constexpr uint32_t kNumberMax = (1u << 20) - 1;
  constexpr size_t size() const { return size_t{1} << (szx + 4); }
  constexpr size_t offset() const { return static_cast<size_t>(number) << (szx + 4); }
  /// The value as the option carries it (an option of format uint).
  constexpr uint32_t Pack() const { return number << 4 | (more ? 8u : 0u) | szx; }
  friend constexpr bool operator==(const Block&, const Block&) = default;
};

/// Reads an option's value: none if it is longer than three bytes or uses the reserved size 7.
std::optional<Block> ParseBlock(ByteView value);

}  // namespace lowband::coap
