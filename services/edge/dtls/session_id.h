// The identifier of a DTLS session inside the edge, unique for the life of a worker.
#pragma once

#include <cstdint>
#include <functional>

namespace lowband::edge {

/// Opaque; never reused after its session has ended, so that late answers reach no other session.
struct SessionId {
  uint64_t value = 0;
  friend auto operator<=>(const SessionId&, const SessionId&) = default;
};

}  // namespace lowband::edge

template <>
struct std::hash<lowband::edge::SessionId> {
  size_t operator()(lowband::edge::SessionId id) const noexcept {
    return std::hash<uint64_t>{}(id.value);
  }
};
