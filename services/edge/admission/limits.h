// The fixed limits of what is admitted; those an operator can set are in admission.h.
#pragma once

#include <cstddef>

namespace lowband::edge::admission {

/// Upper bounds of the settings.
inline constexpr size_t kSessionsMax = 10'000'000;
inline constexpr size_t kHandshakesMax = 1'000'000;

}  // namespace lowband::edge::admission
