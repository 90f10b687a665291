// How often something has asked for its place: what is counted of those that find none is counted
// once, however often they ask.
//
// Threading: values.
#pragma once

#include <cstdint>

namespace lowband::edge::admission {

enum class Attempt : uint8_t {
  kFirst,
  kAgain,  ///< It was refused before, and waits.
};

}  // namespace lowband::edge::admission
