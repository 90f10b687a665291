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

namespace lowband::translator {
namespace {

constexpr int kEventsPerWait = 256;

int Descriptor(int fd) {
  // Descriptors can only be used up this early by a broken configuration; nothing works then.
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

CurlPoll::CurlPoll(size_t idle_connections_max)
    : epoll_(Descriptor(epoll_create1(EPOLL_CLOEXEC))),
      wake_(Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))),
      multi_(curl_multi_init()) {
  if (!multi_) std::abort();  // out of memory at start
  CURLM* multi = multi_.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &CurlPoll::OnSocket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &CurlPoll::OnTimer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(idle_connections_max));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
}

CurlPoll::~CurlPoll() {
  multi_.reset();
  close(wake_);
  close(epoll_);
}

void CurlPoll::Wake() {
  if (woken_.exchange(true)) return;
  const uint64_t one = 1;
  // Fails only if the counter is at its maximum, and then it is readable already.
  (void)!write(wake_, &one, sizeof(one));
}

void CurlPoll::Wait(std::optional<TimePoint> deadline, TimePoint& now) {
  std::array<epoll_event, kEventsPerWait> events{};
  const int count = epoll_wait(epoll_, events.data(), kEventsPerWait,
                               ToTimeout(Earlier(curl_deadline_, deadline)));
  now = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) Dispatch(events[static_cast<size_t>(i)]);
}

void CurlPoll::Dispatch(const epoll_event& event) {
  if (event.data.fd == wake_) {
    uint64_t ignored = 0;
    (void)!read(wake_, &ignored, sizeof(ignored));
    // Behind the read and before the loop looks at what came: who comes later wakes it again.
    woken_.exchange(false);
    return;
  }
  int running = 0;
  curl_multi_socket_action(multi_.get(), event.data.fd, ToCurlEvents(event.events), &running);
}

void CurlPoll::RunTimer(TimePoint now) {
  if (!curl_deadline_ || *curl_deadline_ > now) return;
  curl_deadline_.reset();
  int running = 0;
  curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
}

std::optional<CurlPoll::Finished> CurlPoll::NextFinished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const Finished finished{message->easy_handle, message->data.result};
    curl_multi_remove_handle(multi_.get(), finished.easy);
    return finished;
  }
  return std::nullopt;
}

int CurlPoll::OnSocket(CURL*, curl_socket_t fd, int what, void* self, void* known) {
  auto& poll = *static_cast<CurlPoll*>(self);
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(poll.epoll_, EPOLL_CTL_DEL, fd, nullptr);
    curl_multi_assign(poll.multi_.get(), fd, nullptr);
    return 0;
  }
  epoll_event event{};
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  event.data.fd = fd;
  epoll_ctl(poll.epoll_, known != nullptr ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
  curl_multi_assign(poll.multi_.get(), fd, &poll);
  return 0;
}

int CurlPoll::OnTimer(CURLM*, long timeout_ms, void* self) {
  auto& poll = *static_cast<CurlPoll*>(self);
  if (timeout_ms < 0) {
    poll.curl_deadline_.reset();
  } else {
    poll.curl_deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  }
  return 0;
}

void BlockSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace lowband::translator
