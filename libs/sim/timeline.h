// Virtual time: events in an order that depends only on the calls.
//
// Threading: one thread. Ownership: of the functions until they have run.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "libs/base/time.h"

namespace lowband::sim {

class Timeline {
 public:
  TimePoint now() const { return now_; }
  /// Runs `run` once that time has come; at one time, in the order of the calls.
  void After(Duration delay, std::function<void()> run) {
    events_.push({now_ + delay, ++last_order_, std::move(run)});
  }
  /// Time of the next function.
  std::optional<TimePoint> Next() const;
  /// Moves on to `time`, if that is in the future.
  void MoveTo(TimePoint time) { now_ = time > now_ ? time : now_; }
  /// Runs one function whose time has come; false if there is none.
  bool RunOne();

 private:
  struct Event {
    TimePoint at;
    uint64_t order;
    std::function<void()> run;
    bool operator<(const Event& other) const {
      return std::pair(other.at, other.order) < std::pair(at, order);
    }
  };

  TimePoint now_ = TimePoint(std::chrono::hours(1000));
  uint64_t last_order_ = 0;
  std::priority_queue<Event> events_;
};

}  // namespace lowband::sim
