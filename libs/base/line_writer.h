// Writes lines to a descriptor from its own thread, so that logging threads never wait for the
// log's reader: if the reader stops, lines are dropped and counted.
//
//   any thread ──Push──▶ queue, bounded ──writer's thread──▶ descriptor
//                  └─ full ──▶ dropped, counted, reported in a line once there is room again
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
  /// Limit of the text that waits to be written; far above a second of the busiest log.
  static constexpr size_t kQueuedBytesMax = size_t{1} << 20;

  /// `tell_dropped` makes the line with the number of dropped lines; any thread calls it.
  LineWriter(int fd, std::function<std::string(uint64_t)> tell_dropped);
  /// Waits for the queue as Flush does, then drops the rest.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// Takes the line, which ends in a line feed; drops it when the queue is full. Never blocks.
  void Push(std::string line);
  /// True when all lines pushed before are written; false if that takes longer than `limit`.
  bool Flush(Duration limit);
  /// Lines dropped so far.
  uint64_t dropped() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the thread, which may outlive this if it hangs
};

}  // namespace lowband
