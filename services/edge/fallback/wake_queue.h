// Notifies a loop of the events of its connections' relay calls: one queue and one eventfd per
// loop, for any number of calls; the events themselves stay in a mailbox of the call.
//
// Threading: gRPC's threads push and wake, the loop's drains. Ownership: shared, since gRPC may
// still push when loop and call are gone. Limits: a mailbox wakes once until it is drained, so the
// queue has at most one entry per call; a mailbox has the capacity given.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "libs/base/mailbox.h"
#include "libs/base/mutex.h"

namespace lowband::edge::fallback {

class WakeQueue {
 public:
  /// Any thread.
  void Wake(uint64_t connection) { (void)connections_.Push(connection); }
  /// The connections to wake; some may be gone. `connections` is cleared before.
  void Drain(std::vector<uint64_t>& connections) { connections_.Drain(connections); }
  /// Readable while the queue is not empty.
  int fd() const { return connections_.fd(); }

 private:
  Mailbox<uint64_t> connections_{std::numeric_limits<size_t>::max()};
};

/// Wakes one connection.
struct Waker {
  std::shared_ptr<WakeQueue> queue;
  uint64_t connection = 0;
};

/// The events of one call, from many threads to its connection's.
template <class T>
class WakingMailbox {
 public:
  WakingMailbox(size_t capacity, Waker waker) : capacity_(capacity), waker_(std::move(waker)) {}

  /// False when the mailbox is full; `item` is then dropped. Any thread.
  [[nodiscard]] bool Push(T item) {
    {
      const MutexLock lock(mutex_);
      if (items_.size() >= capacity_) return false;
      items_.push_back(std::move(item));
      if (std::exchange(woken_, true)) return true;
    }
    waker_.queue->Wake(waker_.connection);
    return true;
  }

  /// Takes all events, oldest first. `out` is cleared before; its capacity is reused.
  void Drain(std::vector<T>& out) {
    out.clear();
    const MutexLock lock(mutex_);
    std::swap(items_, out);
    woken_ = false;
  }

  /// No more wakes from now on: there will be no Drain().
  void Close() {
    const MutexLock lock(mutex_);
    woken_ = true;
  }

 private:
  const size_t capacity_;
  const Waker waker_;
  Mutex mutex_;
  std::vector<T> items_ LOWBAND_GUARDED_BY(mutex_);
  bool woken_ LOWBAND_GUARDED_BY(mutex_) = false;
};

}  // namespace lowband::edge::fallback
