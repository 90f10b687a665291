#include "services/translator/upstream/curl_poll.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "services/translator/upstream/limits.h"

namespace lowband::translator::upstream {
namespace {

constexpr int kEventsPerWait = 256;

int Descriptor(int fd) {
  // Only a broken configuration can use up the descriptors so early; nothing works then.
  if (fd < 0) std::abort();
  return fd;
}

int ToCurlEvents(uint32_t events) {
  int flags = 0;
  if ((events & EPOLLIN) != 0) flags |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) flags |= CURL_CSELECT_OUT;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) flags |= CURL_CSELECT_ERR;
  return flags;
}

int ToTimeout(std::optional<TimePoint> deadline) {
  if (!deadline) return -1;
  const auto wait =
      std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<int64_t>(wait.count(), 0));
}

}  // namespace

CurlPoll::CurlPoll(size_t idle_connections_max, Duration connection_life)
    : idle_connections_max_(idle_connections_max),
      connection_life_(connection_life),
      epoll_(Descriptor(epoll_create1(EPOLL_CLOEXEC))),
      wake_(Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
}

CurlPoll::~CurlPoll() {
  Close();
  close(wake_);
  close(epoll_);
}

std::unique_ptr<CurlPoll::Pool> CurlPoll::MakePool(Kind kind, TimePoint now) {
  auto pool = std::make_unique<Pool>(*this, now);
  CURLM* multi = pool->multi.get();
  if (multi == nullptr) return nullptr;
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &CurlPoll::OnSocket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, pool.get());
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &CurlPoll::OnTimer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, pool.get());
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  const size_t idle_max = kind == Kind::kOnce
                              ? std::min(kOnceIdleConnectionsMax, idle_connections_max_)
                              : idle_connections_max_;
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(idle_max));
  return pool;
}

CurlPoll::Pool* CurlPoll::Current(Kind kind, TimePoint now) {
  Pool*& current = current_[static_cast<size_t>(kind)];
  if (current != nullptr && now - current->made < connection_life_) return current;
  std::unique_ptr<Pool> fresh = MakePool(kind, now);
  if (!fresh) return current;  // better an old connection than none
  // From now on each transfer that ends in the old pool closes a connection there, so that both
  // together have no more connections than the transfers need.
  if (current != nullptr) curl_multi_setopt(current->multi.get(), CURLMOPT_MAXCONNECTS, 1L);
  current = fresh.get();
  pools_.push_back(std::move(fresh));
  return current;
}

bool CurlPoll::IsCurrent(const Pool& pool) const {
  return std::ranges::find(current_, &pool) != current_.end();
}

void CurlPoll::DropRetired() {
  std::erase_if(pools_, [this](const std::unique_ptr<Pool>& pool) {
    return pool->transfers == 0 && !IsCurrent(*pool);
  });
}

bool CurlPoll::Add(CURL* easy, Kind kind, TimePoint now) {
  Pool* pool = Current(kind, now);
  if (pool == nullptr || curl_multi_add_handle(pool->multi.get(), easy) != CURLM_OK) return false;
  transfers_.emplace(easy, pool);
  ++pool->transfers;
  return true;
}

void CurlPoll::Remove(CURL* easy) {
  const auto found = transfers_.find(easy);
  if (found == transfers_.end()) return;
  Pool& pool = *found->second;
  curl_multi_remove_handle(pool.multi.get(), easy);
  --pool.transfers;
  transfers_.erase(found);
}

void CurlPoll::Wake() {
  if (woken_.exchange(true)) return;
  const uint64_t one = 1;
  // Fails only if the counter is at its maximum, and then it is readable already.
  (void)!write(wake_, &one, sizeof(one));
}

void CurlPoll::Wait(std::optional<TimePoint> deadline, TimePoint& now) {
  DropRetired();
  std::optional<TimePoint> first = deadline;
  for (const auto& pool : pools_) first = Earlier(first, pool->deadline);
  std::array<epoll_event, kEventsPerWait> events{};
  const int count = epoll_wait(epoll_, events.data(), kEventsPerWait, ToTimeout(first));
  now = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) Dispatch(events[static_cast<size_t>(i)]);
}

void CurlPoll::Dispatch(const epoll_event& event) {
  if (event.data.fd == wake_) {
    uint64_t ignored = 0;
    (void)!read(wake_, &ignored, sizeof(ignored));
    // After the read and before the loop reads its input: later input wakes it again.
    woken_.exchange(false);
    return;
  }
  // libcurl may have closed it meanwhile, because of an event before this one.
  const auto found = sockets_.find(event.data.fd);
  if (found == sockets_.end()) return;
  int running = 0;
  curl_multi_socket_action(found->second->multi.get(), event.data.fd, ToCurlEvents(event.events),
                           &running);
}

void CurlPoll::RunTimer(TimePoint now) {
  for (const auto& pool : pools_) {
    if (!pool->deadline || *pool->deadline > now) continue;
    pool->deadline.reset();
    int running = 0;
    curl_multi_socket_action(pool->multi.get(), CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

std::optional<CurlPoll::Finished> CurlPoll::NextFinished() {
  for (const auto& pool : pools_) {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(pool->multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const Finished finished{message->easy_handle, message->data.result};
      Remove(finished.easy);
      return finished;
    }
  }
  return std::nullopt;
}

int CurlPoll::OnSocket(CURL*, curl_socket_t fd, int what, void* self, void* known) {
  auto& pool = *static_cast<Pool*>(self);
  CurlPoll& poll = pool.poll;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(poll.epoll_, EPOLL_CTL_DEL, fd, nullptr);
    poll.sockets_.erase(fd);
    return 0;
  }
  epoll_event event{};
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  event.data.fd = fd;
  epoll_ctl(poll.epoll_, known != nullptr ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
  curl_multi_assign(pool.multi.get(), fd, &pool);
  poll.sockets_.insert_or_assign(fd, &pool);
  return 0;
}

int CurlPoll::OnTimer(CURLM*, long timeout_ms, void* self) {
  auto& pool = *static_cast<Pool*>(self);
  if (timeout_ms < 0) {
    pool.deadline.reset();
  } else {
    pool.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  }
  return 0;
}

void BlockSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace lowband::translator::upstream
