// One thread with many connections: waits for their sockets, relay calls and deadlines, and steps
// the connections that can advance. No step blocks.
//
//   server ──Adopt, MakeRoom, Nudge──▶ mailbox ─┐
//   gRPC ─────────Waker──────────────▶ wakes ───┤
//   sockets ──────────────────────────epoll─────┼─▶ Step ─▶ next interest and deadline
//   clock ────────────────────────────timers────┘
//
// Threading: see each function. Ownership: owns its thread and its connections. Limits: the mailbox
// has room for each connection that may be open.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "libs/base/mailbox.h"
#include "libs/base/timer_queue.h"
#include "services/edge/fallback/connection.h"

namespace lowband::edge::fallback {

class Loop {
 public:
  explicit Loop(const ConnectionContext& context);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Main.
  void Start();
  /// The listening thread: runs the connection from now on.
  void Adopt(std::unique_ptr<Connection> connection);
  /// The listening thread: the connection ends at once, for another. No effect if it has ended.
  void MakeRoom(ConnectionTable::Id id);
  /// Main: the StopState has changed.
  void Nudge();
  /// Main, after the last Adopt and once StopState::aborting is set: waits for the thread.
  void Join();

  /// The waker of a connection of this loop. Any thread.
  Waker WakerOf(ConnectionTable::Id id) const { return {wakes_, id}; }
  /// Connections now. Any thread.
  size_t size() const { return size_.load(std::memory_order_relaxed); }
  /// The duration of the present turn so far; zero between turns. Any thread.
  Duration turn_age() const;

 private:
  struct Leave {
    ConnectionTable::Id id;
  };
  struct LookAgain {};
  struct Quit {};
  using Mail = std::variant<std::unique_ptr<Connection>, Leave, LookAgain, Quit>;
  struct Entry {
    std::unique_ptr<Connection> connection;
    uint32_t waits_for = 0;  ///< The events registered with epoll.
    std::optional<TimePoint> deadline;
    bool due = false;  ///< To be stepped in this turn.
  };

  void Run();
  void Wait();
  void TakeMail(TimePoint now);
  void Take(TimePoint now, std::unique_ptr<Connection>& connection);
  void Take(TimePoint now, Leave leave);
  void Take(TimePoint now, LookAgain);
  void Take(TimePoint now, Quit);
  void TakeWakes();
  void TakeDeadlines(TimePoint now);
  void SetDue(ConnectionTable::Id id);
  void StepDue(TimePoint now);
  void Settle(ConnectionTable::Id id, Entry& entry);
  void Watch(int fd, uint64_t key);
  void Post(Mail mail);
  void Forget(ConnectionTable::Id id);

  const ConnectionContext& context_;
  const int epoll_fd_;
  Mailbox<Mail> mailbox_;
  const std::shared_ptr<WakeQueue> wakes_;
  std::atomic<size_t> size_{0};
  std::atomic<TimePoint> turn_began_{TimePoint()};
  std::thread thread_;

  // The thread's.
  std::unordered_map<ConnectionTable::Id, Entry> entries_;
  TimerQueue<ConnectionTable::Id> deadlines_;
  std::vector<ConnectionTable::Id> due_;
  std::vector<ConnectionTable::Id> again_;  ///< To be stepped in the next turn in any case.
  std::vector<Mail> mail_;
  std::vector<uint64_t> woken_;
  bool quitting_ = false;
};

}  // namespace lowband::edge::fallback
