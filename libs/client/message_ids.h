// Message IDs of one session, handed out in order from a random start.
//
// Threading: one thread. Limits: 65,536 IDs in EXCHANGE_LIFETIME, the protocol's own limit.
// Spec: RFC 7252 §4.4.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "libs/base/time.h"

namespace lowband::client {

class MessageIds {
 public:
  explicit MessageIds(uint16_t first) : next_(first) {}
  /// None while the server may still take the next ID for an earlier message.
  std::optional<uint16_t> Take(TimePoint now);

 private:
  // The last use is kept per range of IDs, not per ID: 128 bytes per session instead of half a
  // megabyte.
  static constexpr unsigned kStretchBits = 12;
  std::array<std::optional<TimePoint>, (1u << (16 - kStretchBits))> last_use_{};
  uint16_t next_;
};

}  // namespace lowband::client
