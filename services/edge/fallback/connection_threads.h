// Runs cpp-httplib's connections, each on a thread of its own for as long as it lasts.
//
// Threading: enqueue and shutdown by cpp-httplib's listening thread. Ownership: shutdown waits for
// all threads. Limits: the number given; beyond it, and where the system has no more threads, a
// connection is run by the listening thread, where it must be refused at once.
#pragma once

#include <httplib.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>

namespace lowband::edge::fallback {

class ConnectionThreads final : public httplib::TaskQueue {
 public:
  explicit ConnectionThreads(size_t threads_max) : threads_max_(threads_max) {}

  void enqueue(std::function<void()> run) override {
    if (!Enter()) return run();
    try {
      std::thread([this, run] {
        own_thread_ = true;
        run();
        Leave();
      }).detach();
    } catch (const std::system_error&) {
      Leave();
      run();
    }
  }

  /// The caller may block: it runs on a connection's own thread.
  static bool OnOwnThread() { return own_thread_; }

  void shutdown() override {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return threads_ == 0; });
  }

 private:
  bool Enter() {
    const std::scoped_lock lock(mutex_);
    if (threads_ >= threads_max_) return false;
    ++threads_;
    return true;
  }

  void Leave() {
    const std::scoped_lock lock(mutex_);
    --threads_;
    none_.notify_all();
  }

  static inline thread_local bool own_thread_ = false;

  const size_t threads_max_;
  std::mutex mutex_;  // with the condition variable, which needs the standard one
  std::condition_variable none_;
  size_t threads_ = 0;
};

}  // namespace lowband::edge::fallback
