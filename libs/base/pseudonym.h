// A client's address in the form for logs: a client has one pseudonym for the life of the process,
// and without the salt its address cannot be found, not even by trying all addresses.
//
// Threading: values and free functions; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "libs/base/bytes.h"

namespace lowband {

using PseudonymSalt = std::array<char, 16>;

/// Enough to distinguish clients in a log; not unique among very many clients.
using Pseudonym = uint32_t;

inline Pseudonym PseudonymOf(const PseudonymSalt& salt, std::string_view address) {
  std::string salted(salt.data(), salt.size());
  salted += address;
  return static_cast<Pseudonym>(std::hash<std::string>()(salted));
}

/// Eight hexadecimal digits.
inline std::string PseudonymText(Pseudonym pseudonym) {
  const std::array<uint8_t, 4> bytes = {
      static_cast<uint8_t>(pseudonym >> 24), static_cast<uint8_t>(pseudonym >> 16),
      static_cast<uint8_t>(pseudonym >> 8), static_cast<uint8_t>(pseudonym)};
  return ToHex(bytes);
}

}  // namespace lowband
