#include "services/translator/upstream/loop.h"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>

#include "services/translator/upstream/config.h"
#include "services/translator/upstream/limits.h"

namespace lowband::translator {
namespace {

constexpr int kEventsPerWait = 256;

int Descriptor(int fd) {
  // Descriptors can only be used up this early by a broken configuration; nothing works then.
  if (fd < 0) std::abort();
  return fd;
}

/// Signals are for the main thread; and a peer that closes while OpenSSL writes raises SIGPIPE in
/// the thread that wrote, which libcurl leaves to its user.
void BlockSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

int ToCurlEvents(uint32_t events) {
  int flags = 0;
  if ((events & EPOLLIN) != 0) flags |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) flags |= CURL_CSELECT_OUT;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) flags |= CURL_CSELECT_ERR;
  return flags;
}

}  // namespace

Loop::Loop(const LoopShared& shared, LoopLimits limits)
    : shared_(shared),
      limits_(limits),
      epoll_(Descriptor(epoll_create1(EPOLL_CLOEXEC))),
      wake_(Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))),
      now_(std::chrono::steady_clock::now()),
      multi_(curl_multi_init()) {
  if (!multi_) std::abort();  // out of memory at start
  CURLM* multi = multi_.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Loop::OnSocket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Loop::OnTimer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  // As many connections as exchanges: else each poll that ends would close one that the next
  // poll has to open again.
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(limits.active_max));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
  thread_ = std::thread([this] { Run(); });
}

Loop::~Loop() {
  {
    const MutexLock lock(mutex_);
    inbox_.quit = true;
  }
  Wake();
  thread_.join();
  close(wake_);
  close(epoll_);
}

void Loop::Submit(uint64_t id, HttpRequest request, UpstreamClient::Completion done) {
  {
    const MutexLock lock(mutex_);
    waiting_.emplace(id, std::move(done));
    if (waiting_.size() <= limits_.active_max + limits_.pending_max) {
      inbox_.submitted.push_back({id, std::move(request), std::chrono::steady_clock::now()});
    } else {
      inbox_.refused.push_back({id, UpstreamFault::kOverload});
    }
    if (!MustWake()) return;
  }
  Wake();
}

void Loop::Refuse(uint64_t id, UpstreamFault fault, UpstreamClient::Completion done) {
  {
    const MutexLock lock(mutex_);
    inbox_.refused.push_back({id, fault});
    waiting_.emplace(id, std::move(done));
    if (!MustWake()) return;
  }
  Wake();
}

bool Loop::Cancel(uint64_t id) {
  UpstreamClient::Completion dropped;  // destroyed without the lock: its captures are not ours
  {
    const MutexLock lock(mutex_);
    const auto it = waiting_.find(id);
    if (it == waiting_.end()) return false;
    dropped = std::move(it->second);
    waiting_.erase(it);
    inbox_.cancelled.push_back(id);
    if (!MustWake()) return true;
  }
  Wake();
  return true;
}

void Loop::AbortAll() {
  {
    const MutexLock lock(mutex_);
    inbox_.abort_all = true;
  }
  Wake();
}

bool Loop::MustWake() { return !std::exchange(inbox_.woken, true); }

void Loop::Wake() {
  const uint64_t one = 1;
  // Fails only if the counter is at its maximum, and then it is readable already.
  (void)!write(wake_, &one, sizeof(one));
}

void Loop::Run() {
  BlockSignals();
  while (true) {
    WaitForEvents();
    if (!ReadInbox()) break;
    ExpirePending();
    StartPending();
    if (curl_deadline_ && *curl_deadline_ <= now_) {
      curl_deadline_.reset();
      int running = 0;
      curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
    }
    ReadFinished();
    StartPending();
    PublishGauges();
  }
  DropAll();
  PublishGauges();
  multi_.reset();  // here, because closing connections writes to them
}

void Loop::WaitForEvents() {
  int timeout_ms = -1;
  if (const auto next = Earlier(curl_deadline_, pending_deadlines_.Next())) {
    const auto wait =
        std::chrono::ceil<std::chrono::milliseconds>(*next - std::chrono::steady_clock::now());
    timeout_ms = static_cast<int>(std::max<int64_t>(wait.count(), 0));
  }
  std::array<epoll_event, kEventsPerWait> events{};
  const int count = epoll_wait(epoll_, events.data(), kEventsPerWait, timeout_ms);
  now_ = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.fd == wake_) {
      uint64_t ignored = 0;
      (void)!read(wake_, &ignored, sizeof(ignored));
      continue;
    }
    int running = 0;
    curl_multi_socket_action(multi_.get(), event.data.fd, ToCurlEvents(event.events), &running);
  }
}

int Loop::OnSocket(CURL*, curl_socket_t fd, int what, void* self, void* known) {
  auto& loop = *static_cast<Loop*>(self);
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(loop.epoll_, EPOLL_CTL_DEL, fd, nullptr);
    curl_multi_assign(loop.multi_.get(), fd, nullptr);
    return 0;
  }
  epoll_event event{};
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  event.data.fd = fd;
  epoll_ctl(loop.epoll_, known != nullptr ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
  curl_multi_assign(loop.multi_.get(), fd, &loop);
  return 0;
}

int Loop::OnTimer(CURLM*, long timeout_ms, void* self) {
  auto& loop = *static_cast<Loop*>(self);
  if (timeout_ms < 0) {
    loop.curl_deadline_.reset();
  } else {
    loop.curl_deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  }
  return 0;
}

Loop::Inbox Loop::TakeInbox() {
  Inbox taken;
  const MutexLock lock(mutex_);
  std::swap(taken, inbox_);
  // These two last: what is submitted after them meets them too.
  inbox_.abort_all = taken.abort_all;
  inbox_.quit = taken.quit;
  return taken;
}

bool Loop::ReadInbox() {
  Inbox inbox = TakeInbox();
  for (const Refusal& refusal : inbox.refused) Complete(refusal.id, Failure(refusal.fault));
  // Submissions first: a cancel in the same inbox may be for one of them.
  for (Submission& submission : inbox.submitted) {
    const uint64_t id = submission.id;
    pending_deadlines_.Set(id, submission.at + submission.request.timeout);
    pending_.emplace(id, std::move(submission));
  }
  for (const uint64_t id : inbox.cancelled) DropCancelled(id);
  if (inbox.abort_all) DropAll();
  return !inbox.quit;
}

void Loop::DropCancelled(uint64_t id) {
  shared_.counters.faults[static_cast<size_t>(UpstreamFault::kCancelled)].fetch_add(
      1, std::memory_order_relaxed);
  pending_deadlines_.Cancel(id);
  if (pending_.erase(id) != 0) return;
  const auto it = active_.find(id);
  if (it == active_.end()) return;
  curl_multi_remove_handle(multi_.get(), it->second->easy());
  KeepEasy(it->second->ReleaseEasy());
  active_.erase(it);
}

void Loop::DropAll() {
  for (auto& [id, transfer] : active_) curl_multi_remove_handle(multi_.get(), transfer->easy());
  active_.clear();
  pending_.clear();
  pending_deadlines_ = {};
  std::vector<uint64_t> ids;
  {
    const MutexLock lock(mutex_);
    ids.reserve(waiting_.size());
    for (const auto& [id, done] : waiting_) ids.push_back(id);
    // None of these is to be started any more; what is refused is completed here all the same.
    inbox_.submitted.clear();
    inbox_.refused.clear();
  }
  for (const uint64_t id : ids) Complete(id, Failure(UpstreamFault::kStopping));
}

void Loop::ExpirePending() {
  while (const auto id = pending_deadlines_.PopDue(now_)) {
    pending_.erase(*id);
    Complete(*id, Failure(UpstreamFault::kTimeout));
  }
}

void Loop::StartPending() {
  while (!pending_.empty() && active_.size() < limits_.active_max) {
    auto oldest = pending_.extract(pending_.begin());
    pending_deadlines_.Cancel(oldest.key());
    Start(std::move(oldest.mapped()));
  }
}

void Loop::Start(Submission submission) {
  const uint64_t id = submission.id;
  if (!breaker_.Allow(now_)) return Complete(id, Failure(UpstreamFault::kUnavailable));
  CurlEasy easy = TakeEasy();
  if (!easy) return Complete(id, Failure(UpstreamFault::kOverload));  // out of memory
  auto transfer =
      std::make_unique<Transfer>(std::move(easy), id, std::move(submission.request), submission.at,
                                 shared_.config, shared_.homeserver, shared_.counters);
  transfer->Prepare(now_);
  if (curl_multi_add_handle(multi_.get(), transfer->easy()) != CURLM_OK) {
    return Complete(id, Failure(UpstreamFault::kOverload));
  }
  active_.emplace(id, std::move(transfer));
}

void Loop::ReadFinished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg == CURLMSG_DONE) FinishTransfer(message->easy_handle, message->data.result);
  }
}

void Loop::FinishTransfer(CURL* easy, CURLcode code) {
  char* owner = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
  auto& transfer = *reinterpret_cast<Transfer*>(owner);
  curl_multi_remove_handle(multi_.get(), easy);
  if (transfer.PrepareRedirect(code, now_) &&
      curl_multi_add_handle(multi_.get(), easy) == CURLM_OK) {
    return;
  }
  const bool answered = transfer.answered();
  Outcome outcome = transfer.Finish(code, now_);
  if (answered) breaker_.Reached();
  if (!outcome) {
    const UpstreamFault fault = outcome.error();
    const bool unreachable = fault == UpstreamFault::kConnect || fault == UpstreamFault::kTls;
    if (unreachable && breaker_.Unreachable(now_)) {
      shared_.counters.breaker_opened.fetch_add(1, std::memory_order_relaxed);
    }
    shared_.on_fault_text(transfer.FailureText(code));
  }
  const uint64_t id = transfer.id();
  KeepEasy(transfer.ReleaseEasy());
  active_.erase(id);
  Complete(id, std::move(outcome));
}

void Loop::Complete(uint64_t id, Outcome outcome) {
  UpstreamClient::Completion done;
  {
    const MutexLock lock(mutex_);
    const auto it = waiting_.find(id);
    if (it == waiting_.end()) return;  // cancelled
    done = std::move(it->second);
    waiting_.erase(it);
  }
  if (!outcome) {
    shared_.counters.faults[static_cast<size_t>(outcome.error())].fetch_add(
        1, std::memory_order_relaxed);
  }
  done(std::move(outcome));
  shared_.on_complete();
}

CurlEasy Loop::TakeEasy() {
  if (spare_.empty()) return MakeEasy(shared_.config, shared_.homeserver);
  CurlEasy easy = std::move(spare_.back());
  spare_.pop_back();
  return easy;
}

void Loop::KeepEasy(CurlEasy easy) {
  if (spare_.size() < kSpareHandlesMax) spare_.push_back(std::move(easy));
}

void Loop::PublishGauges() {
  const auto relaxed = std::memory_order_relaxed;
  shared_.counters.active.fetch_add(active_.size() - published_active_, relaxed);
  shared_.counters.pending.fetch_add(pending_deadlines_.size() - published_pending_, relaxed);
  published_active_ = active_.size();
  published_pending_ = pending_deadlines_.size();
}

}  // namespace lowband::translator
