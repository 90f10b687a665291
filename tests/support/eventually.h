// Waits for what another thread or process does, and nothing announces.
//
// Threading: any.
#pragma once

#include <chrono>
#include <thread>

namespace lowband {

/// Asks until `done` says true. False: it did not within 20 s.
template <class Done>
bool Eventually(Done done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace lowband
