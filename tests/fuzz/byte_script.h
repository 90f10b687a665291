// A fuzzer's input read as a script: bytes from the front, zeros after the end.
#pragma once

#include <algorithm>
#include <cstdlib>

#include "libs/base/bytes.h"
#include "libs/base/time.h"

namespace lowband::fuzz {

class ByteScript {
 public:
  ByteScript(const uint8_t* data, size_t size) : rest_(data, size) {}
  bool done() const { return rest_.empty(); }
  uint8_t Byte() {
    if (rest_.empty()) return 0;
    const uint8_t byte = rest_.front();
    rest_ = rest_.subspan(1);
    return byte;
  }
  /// As many bytes as the next one says, or as there are.
  ByteView Chunk() {
    const ByteView chunk = rest_.first(std::min<size_t>(Byte(), rest_.size()));
    rest_ = rest_.subspan(chunk.size());
    return chunk;
  }
  /// From no time to a few lifetimes of everything.
  Duration Pause() {
    constexpr int kMilliseconds[] = {0,    10,     500,    1000,    2000,
                                     5000, 31'000, 65'000, 100'000, 310'000};
    return std::chrono::milliseconds(kMilliseconds[Byte() % std::size(kMilliseconds)]);
  }

 private:
  ByteView rest_;
};

/// An invariant that must hold whatever the input is.
inline void Check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace lowband::fuzz
