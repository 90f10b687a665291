// One visitor made of several callables, for std::visit: each alternative of a variant goes to the
// callable that accepts it. An alternative without one does not compile.
//
// Threading: as the callables.
#pragma once

namespace lowband {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

}  // namespace lowband
