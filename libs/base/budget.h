// An amount that several holders share.
//
// Threading: any; relaxed atomics. Ownership: outlives those who take from it.
#pragma once

#include <atomic>
#include <cstddef>

namespace lowband {

class Budget {
 public:
  explicit Budget(size_t max) : max_(max) {}
  /// False: nothing was taken, since less than `amount` is left.
  [[nodiscard]] bool Take(size_t amount) {
    if (used_.fetch_add(amount, std::memory_order_relaxed) + amount <= max_) return true;
    Return(amount);
    return false;
  }
  void Return(size_t amount) { used_.fetch_sub(amount, std::memory_order_relaxed); }
  size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const size_t max_;
  std::atomic<size_t> used_{0};
};

}  // namespace lowband
