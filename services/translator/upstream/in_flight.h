// The number of exchanges or transfers under way, for a thread that waits until there is none.
//
// Threading: any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "libs/base/time.h"

namespace lowband::translator::upstream {

class InFlight {
 public:
  void Add() { count_.fetch_add(1); }
  void Remove() {
    if (count_.fetch_sub(1) != 1) return;
    // Under the lock, so that a waiter between its check and its sleep does not miss it.
    const std::scoped_lock lock(mutex_);
    none_.notify_all();
  }
  size_t count() const { return count_.load(); }

  /// False if something was still under way when `limit` had passed.
  bool WaitForNone(Duration limit) {
    std::unique_lock lock(mutex_);
    return none_.wait_for(lock, limit, [this] { return count_.load() == 0; });
  }
  void WaitForNone() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return count_.load() == 0; });
  }

 private:
  std::atomic<size_t> count_{0};
  std::mutex mutex_;  // for the condition variable, which needs std::mutex
  std::condition_variable none_;
};

}  // namespace lowband::translator::upstream
