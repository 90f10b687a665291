// Bytes written as hexadecimal digits in tests.
#pragma once

#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>

#include "libs/base/bytes.h"

namespace lowband::transcode {

/// The bytes of "a1 02 6161"; spaces are for the reader.
inline Bytes FromHex(std::string_view hex) {
  std::string digits;
  for (char c : hex) {
    if (c != ' ') digits.push_back(c);
  }
  if (digits.size() % 2 != 0) throw std::invalid_argument("odd number of digits");
  Bytes bytes(digits.size() / 2);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char* const at = digits.data() + 2 * i;
    if (std::from_chars(at, at + 2, bytes[i], 16).ptr != at + 2) {
      throw std::invalid_argument("not hexadecimal");
    }
  }
  return bytes;
}

}  // namespace lowband::transcode
