// Deadlines by key, the earliest first: a sans-IO stage's replacement for timers.
//
// Threading: one thread. Limits: one live entry a key; stale heap entries are dropped as they
// surface and the heap is rebuilt when they outnumber the live ones.
#pragma once

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include "libs/base/time.h"

namespace lowband {

template <class Key, class Hash = std::hash<Key>>
class TimerQueue {
 public:
  /// Sets or moves the deadline of `key`.
  void Set(const Key& key, TimePoint at) {
    auto [it, inserted] = live_.insert_or_assign(key, at);
    (void)it;
    (void)inserted;
    heap_.push_back({at, key});
    std::push_heap(heap_.begin(), heap_.end(), Later);
    if (heap_.size() > 64 && heap_.size() > 2 * live_.size()) Rebuild();
  }

  void Cancel(const Key& key) { live_.erase(key); }
  bool Contains(const Key& key) const { return live_.contains(key); }
  size_t size() const { return live_.size(); }

  /// The earliest deadline, or none.
  std::optional<TimePoint> Next() {
    DropStale();
    if (heap_.empty()) return std::nullopt;
    return heap_.front().at;
  }

  /// Takes out one key whose deadline is not after `now`.
  std::optional<Key> PopDue(TimePoint now) {
    DropStale();
    if (heap_.empty() || heap_.front().at > now) return std::nullopt;
    Key key = heap_.front().key;
    live_.erase(key);
    return key;
  }

 private:
  struct Entry {
    TimePoint at;
    Key key;
  };
  static bool Later(const Entry& a, const Entry& b) { return a.at > b.at; }

  void DropStale() {
    while (!heap_.empty()) {
      const auto it = live_.find(heap_.front().key);
      if (it != live_.end() && it->second == heap_.front().at) return;
      std::pop_heap(heap_.begin(), heap_.end(), Later);
      heap_.pop_back();
    }
  }

  void Rebuild() {
    heap_.clear();
    for (const auto& [key, at] : live_) heap_.push_back({at, key});
    std::make_heap(heap_.begin(), heap_.end(), Later);
  }

  std::vector<Entry> heap_;
  std::unordered_map<Key, TimePoint, Hash> live_;
};

}  // namespace lowband
