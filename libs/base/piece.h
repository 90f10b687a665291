// Bytes that are taken from the front, in parts or whole; taking all copies nothing, and an empty
// piece holds no memory.
//
// Threading: one thread. Limits: its user's.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

namespace lowband {

class Piece {
 public:
  void Append(std::string bytes) {
    if (empty()) {
      bytes_ = std::move(bytes);
    } else {
      bytes_.append(bytes);
    }
  }
  /// The first `max` bytes, or all if there are fewer.
  std::string Take(size_t max) {
    if (given_ == 0 && max >= bytes_.size()) return std::exchange(bytes_, {});
    std::string part = bytes_.substr(given_, max);
    given_ += part.size();
    if (empty()) Clear();
    return part;
  }
  void Clear() {
    bytes_ = {};
    given_ = 0;
  }
  size_t size() const { return bytes_.size() - given_; }
  bool empty() const { return size() == 0; }

 private:
  std::string bytes_;
  size_t given_ = 0;
};

}  // namespace lowband
