// Whether a request for a place is the first or a repeated one: the metrics count a newcomer that
// finds no place once, however often it tries.
//
// Threading: values.
#pragma once

#include <cstdint>

namespace lowband::edge::admission {

enum class Attempt : uint8_t {
  kFirst,
  kAgain,  ///< Refused before, and waiting.
};

}  // namespace lowband::edge::admission
