// Waits for SIGTERM and SIGINT, instead of signal handlers.
//
// Threading: construct in main before any thread is made (threads inherit the blocked signals).
#pragma once

#include <optional>

#include "libs/base/time.h"

namespace lowband {

class ShutdownSignal {
 public:
  /// Blocks SIGTERM, SIGINT and SIGHUP for this thread and all made after; ignores SIGPIPE.
  ShutdownSignal();
  ~ShutdownSignal();
  ShutdownSignal(const ShutdownSignal&) = delete;
  ShutdownSignal& operator=(const ShutdownSignal&) = delete;

  /// Waits up to `limit`; the number of the signal that came, or none.
  std::optional<int> Wait(Duration limit);
  /// Readable when a signal is pending; for poll().
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace lowband
