#include "libs/base/line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace lowband {
namespace {

using std::chrono::milliseconds;

/// How long the end of a program waits for the reader of its log.
constexpr milliseconds kFarewell{1000};
/// How soon the thread notices a stop while the reader is stuck.
constexpr int kLookAgainMs = 100;

}  // namespace

struct LineWriter::State {
  State(int descriptor, std::function<std::string(uint64_t)> tell)
      : fd(descriptor), tell_dropped(std::move(tell)) {}

  void Run();
  bool Write(std::string_view text);

  const int fd;
  const std::function<std::string(uint64_t)> tell_dropped;
  // All below is guarded by the mutex. A condition variable wants the plain one.
  std::mutex mutex;
  std::condition_variable changed;
  std::string queued;
  bool writing = false;
  bool stopping = false;
  bool ended = false;
  uint64_t dropped = 0;
  uint64_t told = 0;  ///< Of these, reported in a line.
};

void LineWriter::State::Run() {
  std::string batch;
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [this] { return stopping || !queued.empty(); });
    if (queued.empty() || stopping) break;
    batch.clear();
    std::swap(batch, queued);
    if (dropped != told) batch += tell_dropped(dropped - std::exchange(told, dropped));
    writing = true;
    lock.unlock();
    const bool written = Write(batch);
    lock.lock();
    writing = false;
    changed.notify_all();
    if (!written) break;
  }
  ended = true;
  changed.notify_all();
}

// A pipe with room takes PIPE_BUF bytes at once, so that write does not wait. False: to stop.
bool LineWriter::State::Write(std::string_view text) {
  while (!text.empty()) {
    pollfd ready{fd, POLLOUT, 0};
    const int found = poll(&ready, 1, kLookAgainMs);
    if (found <= 0) {
      const std::lock_guard lock(mutex);
      if (stopping) return false;
      continue;
    }
    const ssize_t written = write(fd, text.data(), std::min<size_t>(text.size(), PIPE_BUF));
    if (written > 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      return true;  // Closed, or a full disk: the error cannot be reported.
    }
  }
  return true;
}

LineWriter::LineWriter(int fd, std::function<std::string(uint64_t)> tell_dropped)
    : state_(std::make_shared<State>(fd, std::move(tell_dropped))) {
  std::thread([state = state_] { state->Run(); }).detach();
}

LineWriter::~LineWriter() {
  (void)Flush(kFarewell);
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  state_->changed.notify_all();
  // A thread that still hangs in write, because another process filled the pipe, is abandoned.
  state_->changed.wait_for(lock, milliseconds(3 * kLookAgainMs), [this] { return state_->ended; });
}

void LineWriter::Push(std::string line) {
  const std::lock_guard lock(state_->mutex);
  if (line.size() > kQueuedBytesMax - state_->queued.size()) {
    ++state_->dropped;
    return;
  }
  state_->queued += line;
  state_->changed.notify_all();
}

bool LineWriter::Flush(Duration limit) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, limit, [this] {
    return state_->ended || (state_->queued.empty() && !state_->writing);
  });
}

uint64_t LineWriter::dropped() const {
  const std::lock_guard lock(state_->mutex);
  return state_->dropped;
}

}  // namespace lowband
