// The message IDs that a client used lately. Clients count them up, so a run of IDs is one entry.
//
// Threading: one thread. Limits: kIdRunsMax. Spec: RFC 7252 §4.4.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libs/base/time.h"

namespace lowband::edge::message {

class RecentIds {
 public:
  /// Treats up to `gap_max` IDs between used ones as used: a client with several connections counts
  /// its IDs for all of them, so that each has gaps. 0 is exact.
  explicit RecentIds(uint16_t gap_max) : gap_max_(gap_max) {}
  /// Returns false if others had to be forgotten too early.
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

  uint16_t gap_max_;
  std::vector<Run> runs_;  // the youngest last
};

}  // namespace lowband::edge::message
