// Bytes that many owners share up to a maximum.
//
// Threading: one thread. Limits: its own.
#pragma once

#include <cstddef>

namespace lowband::edge::request {

class ByteBudget {
 public:
  explicit ByteBudget(size_t max) : max_(max) {}
  /// False, and nothing taken, when it does not fit.
  [[nodiscard]] bool Take(size_t bytes) {
    if (bytes > max_ - used_) return false;
    used_ += bytes;
    return true;
  }
  void Give(size_t bytes) { used_ -= bytes; }
  size_t used() const { return used_; }
  size_t max() const { return max_; }

 private:
  size_t max_;
  size_t used_ = 0;
};

}  // namespace lowband::edge::request
