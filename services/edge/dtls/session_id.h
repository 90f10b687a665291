// The name of one DTLS session inside the edge, unique for the life of a worker.
#pragma once

#include <cstdint>
#include <functional>

namespace lowband::edge {

/// Opaque; never used again after its session ended, so that late answers find nobody.
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
