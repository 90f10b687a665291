#include "libs/tls/error.h"

#include <mbedtls/error.h>

#include <array>
#include <cstdio>

namespace lowband::tls {

std::string ErrorText(int code) {
  std::array<char, 200> words{};
  mbedtls_strerror(code, words.data(), words.size());
  std::array<char, 24> number{};
  std::snprintf(number.data(), number.size(), " (-0x%04x)", static_cast<unsigned>(-code));
  return std::string(words.data()) + number.data();
}

}  // namespace lowband::tls
