// Result<T, E>: a value or the reason there is none. C++20 has no std::expected; tl::expected is
// its well-maintained substitute.
#pragma once

#include <tl/expected.hpp>

namespace lowband {

template <class T, class E>
using Result = tl::expected<T, E>;

/// Makes the failing side of a Result: `return Failure(ParseError{…});`.
template <class E>
[[nodiscard]] tl::unexpected<std::decay_t<E>> Failure(E&& error) {
  return tl::unexpected<std::decay_t<E>>(std::forward<E>(error));
}

}  // namespace lowband
