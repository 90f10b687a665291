#include "services/edge/fallback/loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "services/edge/fallback/limits.h"

namespace lowband::edge::fallback {
namespace {

/// The key of the queues' descriptors; never the id of a connection.
constexpr uint64_t kQueues = 0;

/// Room for mail that concerns no single connection: look again, quit.
constexpr size_t kOwnMail = 16;

TimePoint Now() { return std::chrono::steady_clock::now(); }

// Rounded up: a wake before the deadline would make the loop spin until then.
int MillisecondsUntil(std::optional<TimePoint> deadline) {
  if (!deadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 60'000));
}

uint32_t EventsOf(const Interest& interest) {
  return (interest.in ? uint32_t{EPOLLIN} : 0) | (interest.out ? uint32_t{EPOLLOUT} : 0);
}

}  // namespace

Loop::Loop(const ConnectionContext& context)
    : context_(context),
      epoll_fd_(epoll_create1(EPOLL_CLOEXEC)),
      mailbox_(context.config.connections_max + 2 * kLeavingMax + kOwnMail),
      wakes_(std::make_shared<WakeQueue>()) {
  // Only a broken configuration exhausts descriptors this early; nothing works then.
  if (epoll_fd_ < 0) std::abort();
  Watch(mailbox_.fd(), kQueues);
  Watch(wakes_->fd(), kQueues);
}

Loop::~Loop() {
  Join();
  close(epoll_fd_);
}

void Loop::Watch(int fd, uint64_t key) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key;
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) std::abort();
}

void Loop::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Loop::Adopt(std::unique_ptr<Connection> connection) {
  size_.fetch_add(1, std::memory_order_relaxed);
  Post(std::move(connection));
}

void Loop::MakeRoom(ConnectionTable::Id id) { Post(Leave{id}); }
void Loop::Nudge() { Post(LookAgain{}); }

void Loop::Join() {
  if (!thread_.joinable()) return;
  Post(Quit{});
  thread_.join();
}

// There is room for all connections with a place, and for those that just lost it; a full mailbox
// is a bug.
void Loop::Post(Mail mail) {
  if (!mailbox_.Push(std::move(mail))) std::abort();
}

// One turn: collect the connections that can advance, and step each of them once.
void Loop::Run() {
  while (!quitting_ || !entries_.empty()) {
    Wait();
    const TimePoint now = Now();
    turn_began_.store(now, std::memory_order_relaxed);
    TakeMail(now);
    TakeWakes();
    TakeDeadlines(now);
    StepDue(now);
    turn_began_.store(TimePoint(), std::memory_order_relaxed);
  }
}

Duration Loop::turn_age() const {
  const TimePoint began = turn_began_.load(std::memory_order_relaxed);
  return began == TimePoint() ? Duration::zero() : Now() - began;
}

void Loop::Wait() {
  for (const auto id : std::exchange(again_, {})) SetDue(id);
  std::array<epoll_event, kEventsPerTurnMax> events;
  const int timeout = due_.empty() ? MillisecondsUntil(deadlines_.Next()) : 0;
  const int count = epoll_wait(epoll_fd_, events.data(), kEventsPerTurnMax, timeout);
  for (int i = 0; i < count; ++i) {
    const auto found = entries_.find(events[i].data.u64);
    if (found == entries_.end()) continue;
    // An event although neither readable nor writable was requested.
    if (found->second.waits_for == 0) found->second.connection->HangUp();
    SetDue(found->first);
  }
}

void Loop::TakeMail(TimePoint now) {
  mailbox_.Drain(mail_);
  for (Mail& mail : mail_) {
    std::visit([&](auto& what) { Take(now, what); }, mail);
  }
  mail_.clear();
}

void Loop::Take(TimePoint, std::unique_ptr<Connection>& connection) {
  const ConnectionTable::Id id = connection->id();
  epoll_event event{};
  event.data.u64 = id;
  const bool watched = epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, connection->fd(), &event) == 0;
  entries_[id].connection = std::move(connection);
  if (!watched) return Forget(id);  // the kernel has no memory for it
  SetDue(id);
}

void Loop::Take(TimePoint now, Leave leave) {
  const auto found = entries_.find(leave.id);
  if (found == entries_.end()) return;
  found->second.connection->MakeRoom(now);
  Forget(leave.id);
}

void Loop::Take(TimePoint, LookAgain) {
  for (const auto& [id, entry] : entries_) SetDue(id);
}

void Loop::Take(TimePoint now, Quit) {
  quitting_ = true;
  Take(now, LookAgain{});
}

void Loop::TakeWakes() {
  wakes_->Drain(woken_);
  for (const auto id : woken_) SetDue(id);
}

void Loop::TakeDeadlines(TimePoint now) {
  while (const auto id = deadlines_.PopDue(now)) {
    entries_.at(*id).deadline.reset();
    SetDue(*id);
  }
}

void Loop::SetDue(ConnectionTable::Id id) {
  const auto found = entries_.find(id);
  if (found == entries_.end() || std::exchange(found->second.due, true)) return;
  due_.push_back(id);
}

void Loop::StepDue(TimePoint now) {
  for (const auto id : std::exchange(due_, {})) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) continue;
    Entry& entry = found->second;
    entry.due = false;
    entry.connection->Step(now);
    if (entry.connection->over()) {
      Forget(id);
    } else {
      Settle(id, entry);
    }
  }
}

void Loop::Settle(ConnectionTable::Id id, Entry& entry) {
  const Interest interest = entry.connection->interest();
  if (interest.now) again_.push_back(id);
  const uint32_t events = EventsOf(interest);
  if (std::exchange(entry.waits_for, events) != events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    // Only adding can fail for lack of memory.
    if (epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, entry.connection->fd(), &event) != 0) std::abort();
  }
  const auto deadline = entry.connection->deadline();
  if (std::exchange(entry.deadline, deadline) == deadline) return;
  if (deadline) {
    deadlines_.Set(id, *deadline);
  } else {
    deadlines_.Cancel(id);
  }
}

void Loop::Forget(ConnectionTable::Id id) {
  deadlines_.Cancel(id);
  entries_.erase(id);
  size_.fetch_sub(1, std::memory_order_relaxed);
  Counters::Sub(context_.counters.open);
}

}  // namespace lowband::edge::fallback
