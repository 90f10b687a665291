// A mutex that clang's thread-safety analysis understands: members are marked
// LOWBAND_GUARDED_BY(mutex_), and clang refuses code that accesses them without holding it. Other
// compilers see a plain std::mutex.
//
// Threading: any.
#pragma once

#include <mutex>

#if defined(__clang__)
#define LOWBAND_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define LOWBAND_THREAD_ATTRIBUTE(x)
#endif
#define LOWBAND_GUARDED_BY(mutex) LOWBAND_THREAD_ATTRIBUTE(guarded_by(mutex))
#define LOWBAND_REQUIRES(mutex) LOWBAND_THREAD_ATTRIBUTE(requires_capability(mutex))

namespace lowband {

class LOWBAND_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void Lock() LOWBAND_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void Unlock() LOWBAND_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// Holds a mutex for a scope.
class LOWBAND_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) LOWBAND_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() LOWBAND_THREAD_ATTRIBUTE(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace lowband
