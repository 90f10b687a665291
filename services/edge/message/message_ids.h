// The message IDs that a client used lately, so that it is not confused by one of ours: deployed
// clients keep one table for both directions and answer our message with their own old one.
//
// Clients count their IDs up, so that a run of them is one entry. Threading: one thread. Limits:
// kIdRunsMax. Spec: RFC 7252 §4.4.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libs/base/time.h"

namespace lowband::edge::message {

class RecentIds {
 public:
  /// Returns false if others had to be forgotten before their time.
  bool Add(TimePoint now, uint16_t id);
  /// Used in the last 247 s (kExchangeLifetime), or up to 16 s (kIdRunSpan) before.
  bool Contains(TimePoint now, uint16_t id) const;
  /// The first ID from `from` upwards that is neither 0 nor remembered; none if all are.
  std::optional<uint16_t> FirstFree(TimePoint now, uint16_t from) const;

 private:
  struct Run {
    uint16_t first;
    uint16_t last;
    TimePoint begun;
    TimePoint used;
    bool Has(uint16_t id) const {
      return static_cast<uint16_t>(id - first) <= static_cast<uint16_t>(last - first);
    }
  };
  const Run* Find(TimePoint now, uint16_t id) const;

  std::vector<Run> runs_;  // the youngest last
};

}  // namespace lowband::edge::message
