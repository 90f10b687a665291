// One visitor made of several callables, for std::visit: each alternative of a variant by the
// callable that takes it. An alternative that none takes does not compile.
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
