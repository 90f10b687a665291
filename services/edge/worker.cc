#include "services/edge/worker.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <future>
#include <utility>

#include "services/edge/dtls/connection_id.h"
#include "services/edge/limits.h"

namespace lowband::edge {
namespace {

TimePoint Now() { return std::chrono::steady_clock::now(); }

// Rounded up: a wake-up before the deadline would spin until then.
int MillisecondsUntil(std::optional<TimePoint> deadline) {
  if (!deadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 60'000));
}

}  // namespace

Worker::Worker(const PipelineConfig& config, dtls::Credentials& credentials,
               admission::Admission& admission, std::unique_ptr<datagram::UdpSocket> socket,
               const uplink::TransportConfig& transport, ExchangeLog& log, unsigned index,
               unsigned count)
    : index_(index),
      count_(count),
      random_(MakeSystemRandom()),
      socket_(std::move(socket)),
      pipeline_(config, credentials, *random_, index, count, admission),
      mailbox_(kMailboxItemsMax),
      transport_(transport),
      log_(log),
      epoll_fd_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_fd_ < 0) std::abort();
  Watch(socket_->fd());
  Watch(mailbox_.fd());
  Watch(transport_.fd());
}

Worker::~Worker() {
  Join();
  close(epoll_fd_);
}

void Worker::Watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) std::abort();
}

void Worker::Start(const std::vector<std::unique_ptr<Worker>>& workers) {
  for (const auto& worker : workers) workers_.push_back(worker.get());
  thread_ = std::thread([this] { Run(); });
}

void Worker::Join() {
  if (thread_.joinable()) thread_.join();
}

// The mailbox is full only in a flood of forwarded datagrams; main's few calls are then retried.
void Worker::Do(Call call) {
  while (!mailbox_.Push(call)) std::this_thread::yield();
}

void Worker::StartDrain(Duration limit) {
  Do([this, limit](TimePoint now) { pipeline_.StartDrain(now, limit); });
}

void Worker::Stop() {
  if (!thread_.joinable()) return;
  Do([this](TimePoint now) {
    pipeline_.CloseAll(now);
    stopping_ = true;
  });
}

std::optional<WorkerStats> Worker::Stats(Duration limit) {
  const auto promise = std::make_shared<std::promise<WorkerStats>>();
  auto future = promise->get_future();
  if (!mailbox_.Push(Call([this, promise](TimePoint) { promise->set_value(MakeStats()); }))) {
    return std::nullopt;
  }
  if (future.wait_for(limit) != std::future_status::ready) return std::nullopt;
  return future.get();
}

WorkerStats Worker::MakeStats() const {
  WorkerStats stats;
  stats.datagram = socket_->counters();
  stats.dtls = pipeline_.dtls().counters();
  stats.message = pipeline_.messages().counters();
  stats.request = pipeline_.requests().counters();
  stats.uplink = pipeline_.lanes().counters();
  stats.sessions = pipeline_.dtls().session_count();
  stats.handshakes = pipeline_.dtls().handshake_count();
  stats.exchanges = pipeline_.requests().exchanges_in_flight();
  const request::Usage usage = pipeline_.requests().usage();
  stats.observations = usage.observations;
  stats.waiting = usage.waiting;
  stats.windows = usage.windows;
  stats.download_bytes = usage.download_bytes;
  stats.forwarded = forwarded_;
  stats.forward_drops = forward_drops_;
  stats.relief_drops = relief_drops_;
  return stats;
}

// One turn: receive, run due timers, send. The time is read once, so that all events of a turn
// happen at one moment.
void Worker::Run() {
  while (!stopping_) {
    Wait();
    const TimePoint now = Now();
    turn_began_.store(now, std::memory_order_relaxed);
    TakeMail(now);
    TakeLaneEvents(now);
    ReceiveDatagrams(now);
    pipeline_.Advance(now);
    Drain();
    socket_->Flush();
    ready_.store(pipeline_.lanes().ready(), std::memory_order_relaxed);
    idle_.store(pipeline_.idle(), std::memory_order_relaxed);
    turn_began_.store(TimePoint(), std::memory_order_relaxed);
  }
}

Duration Worker::turn_age() const {
  const TimePoint began = turn_began_.load(std::memory_order_relaxed);
  return began == TimePoint() ? Duration::zero() : Now() - began;
}

void Worker::Wait() {
  std::array<epoll_event, 4> events;
  epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()),
             MillisecondsUntil(pipeline_.NextDeadline()));
}

void Worker::ReceiveDatagrams(TimePoint now) {
  for (size_t batch = 0; batch < kBatchesPerTurnMax; ++batch) {
    const auto received = socket_->Receive();
    for (const datagram::Received& one : received) {
      const auto owner = dtls::OwnerOf(one.datagram, count_);
      if (!owner || *owner == index_) {
        pipeline_.ReceiveDatagram(now, one.from, one.datagram);
        Drain();
        continue;
      }
      Forwarded forwarded{one.from, Bytes(one.datagram.begin(), one.datagram.end())};
      const bool taken = workers_[*owner]->mailbox_.Push(std::move(forwarded));
      ++(taken ? forwarded_ : forward_drops_);
    }
    if (received.empty()) return;
  }
}

void Worker::TakeMail(TimePoint now) {
  mailbox_.Drain(mail_);
  for (Mail& mail : mail_) {
    if (auto* forwarded = std::get_if<Forwarded>(&mail)) {
      pipeline_.ReceiveDatagram(now, forwarded->from, forwarded->datagram);
      Drain();
    } else {
      std::get<Call>(mail)(now);
      Drain();
    }
  }
  mail_.clear();
}

void Worker::TakeLaneEvents(TimePoint now) {
  transport_.Drain(lane_events_);
  for (const uplink::LaneEvent& event : lane_events_) {
    pipeline_.Handle(now, event);
    Drain();
  }
}

void Worker::Drain() {
  while (auto transmit = pipeline_.PollTransmit()) {
    socket_->Queue(transmit->peer, transmit->datagram);
  }
  while (auto action = pipeline_.PollLaneAction()) transport_.Execute(std::move(*action));
  while (const auto record = pipeline_.PollRecord()) log_.Write(*record);
  while (const auto relief = pipeline_.PollRelief()) PassOn(*relief);
}

// Never waits: if the mailbox is full, the next newcomer asks again.
void Worker::PassOn(const dtls::Relief& relief) {
  Worker& other = *workers_[relief.worker];
  Call call = [&other, relief](TimePoint now) { other.pipeline_.Relieve(now, relief); };
  if (!other.mailbox_.Push(std::move(call))) ++relief_drops_;
}

std::string HangingWorker(const std::vector<std::unique_ptr<Worker>>& workers, Duration limit) {
  for (size_t i = 0; i < workers.size(); ++i) {
    if (workers[i]->turn_age() > limit) return "worker " + std::to_string(i) + " hangs";
  }
  return "";
}

}  // namespace lowband::edge
