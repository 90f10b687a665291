// What the server wants of its connections when the edge ends.
//
// Threading: set by main, read by the loops, which are woken behind it.
#pragma once

#include <atomic>

namespace lowband::edge::fallback {

struct StopState {
  std::atomic<bool> draining{false};  ///< No further requests.
  std::atomic<bool> aborting{false};  ///< Now.
};

}  // namespace lowband::edge::fallback
