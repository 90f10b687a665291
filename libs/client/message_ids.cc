#include "libs/client/message_ids.h"

#include "libs/client/limits.h"

namespace lowband::client {

std::optional<uint16_t> MessageIds::Take(TimePoint now) {
  auto& last_use = last_use_[next_ >> kStretchBits];
  const bool entering = (next_ & ((1u << kStretchBits) - 1)) == 0;
  if (entering && last_use && now < *last_use + kExchangeLifetime) return std::nullopt;
  last_use = now;
  return next_++;
}

}  // namespace lowband::client
