// Writes lines to a descriptor from a thread of its own, so that whoever logs never waits for
// whoever reads the log: a reader that stops costs lines, and they are counted.
//
//   any thread ──Push──▶ queue, bounded ──writer's thread──▶ descriptor
//                  └─ full ──▶ dropped, counted, told in a line once there is room again
//
// Threading: Push, Flush and dropped from any thread. Ownership: the descriptor is the caller's and
// stays open. Limits: kQueuedBytesMax.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "libs/base/time.h"

namespace lowband {

class LineWriter {
 public:
  /// Text that waits to be written; a second of the busiest log is far below it.
  static constexpr size_t kQueuedBytesMax = size_t{1} << 20;

  /// `tell_dropped` makes the line that says how many others were dropped; any thread calls it.
  LineWriter(int fd, std::function<std::string(uint64_t)> tell_dropped);
  /// Waits for what is queued as Flush does, then leaves it.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// Takes the line, which ends in a line feed; drops it when the queue is full. Never blocks.
  void Push(std::string line);
  /// True when all that was pushed before is written; false when that takes longer than `limit`.
  bool Flush(Duration limit);
  /// Lines dropped so far.
  uint64_t dropped() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the thread, which may outlive this when it hangs
};

}  // namespace lowband
