// The server's orders to its connections when the edge ends.
//
// Threading: set by main, which then wakes the loops that read it.
#pragma once

#include <atomic>

namespace lowband::edge::fallback {

struct StopState {
  std::atomic<bool> draining{false};  ///< Take no further requests.
  std::atomic<bool> aborting{false};  ///< End at once.
};

}  // namespace lowband::edge::fallback
