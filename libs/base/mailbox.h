// A bounded queue from many threads to one, with an eventfd that wakes the consumer's epoll loop:
// the one way into a worker's thread.
//
// Threading: Push from any thread; Drain and fd by the consumer's thread. Ownership: the pushing
// thread keeps the mailbox alive until Push has returned. Limits: the given capacity; further items
// are refused, and the pushing side counts them.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "libs/base/mutex.h"

namespace lowband {

template <class T>
class Mailbox {
 public:
  explicit Mailbox(size_t capacity)
      : capacity_(capacity), fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    // Only a broken configuration can use up the descriptors so early; nothing works then.
    if (fd_ < 0) std::abort();
  }
  ~Mailbox() { close(fd_); }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// False when the mailbox is full; `item` is then dropped.
  [[nodiscard]] bool Push(T item) {
    const MutexLock lock(mutex_);
    if (items_.size() >= capacity_) return false;
    items_.push_back(std::move(item));
    Signal();
    return true;
  }
  /// Like Push, for items that can wait until the consumer wakes for another reason.
  [[nodiscard]] bool PushQuietly(T item) {
    const MutexLock lock(mutex_);
    if (items_.size() >= capacity_) return false;
    items_.push_back(std::move(item));
    if (std::exchange(eager_, false)) Signal();
    return true;
  }
  /// Ends the wait for quietly pushed items: makes fd() readable if there are any, and once more at
  /// the next quiet push.
  void Hurry() {
    const MutexLock lock(mutex_);
    eager_ = true;
    if (!items_.empty()) Signal();
  }

  /// Takes out all items, oldest first. `out` is cleared before; its capacity is reused.
  void Drain(std::vector<T>& out) {
    out.clear();
    const MutexLock lock(mutex_);
    std::swap(items_, out);
    if (!std::exchange(signalled_, false)) return;
    uint64_t ignored = 0;
    (void)!read(fd_, &ignored, sizeof(ignored));
  }

  /// Readable while there are items that were not pushed quietly.
  int fd() const { return fd_; }

 private:
  /// One wake-up covers all items that come before the consumer drains.
  void Signal() LOWBAND_REQUIRES(mutex_) {
    if (std::exchange(signalled_, true)) return;
    const uint64_t one = 1;
    // Fails only if the counter is at its maximum, and then it is readable already.
    (void)!write(fd_, &one, sizeof(one));
  }

  const size_t capacity_;
  const int fd_;
  Mutex mutex_;
  std::vector<T> items_ LOWBAND_GUARDED_BY(mutex_);
  bool eager_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool signalled_ LOWBAND_GUARDED_BY(mutex_) = false;
};

}  // namespace lowband
