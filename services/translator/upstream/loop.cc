#include "services/translator/upstream/loop.h"

#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>

#include "services/translator/upstream/config.h"
#include "services/translator/upstream/easy.h"
#include "services/translator/upstream/limits.h"

namespace lowband::translator::upstream {
Loop::Loop(const LoopShared& shared, const PlaceLimits& limits)
    : shared_(shared),
      now_(std::chrono::steady_clock::now()),
      places_(limits),
      // As many connections as exchanges: otherwise each poll that ends would close one that the
      // next poll has to open again.
      poll_(limits.active_max, shared.config.connection_life) {
  thread_ = std::thread([this] { Run(); });
}

Loop::~Loop() {
  {
    const MutexLock lock(mutex_);
    inbox_.quit = true;
  }
  poll_.Wake();
  thread_.join();
}

void Loop::Submit(uint64_t id, mapping::HttpRequest request, UpstreamClient::Completion done) {
  {
    const MutexLock lock(mutex_);
    waiting_.emplace(id, std::move(done));
    inbox_.submitted.push_back({id, std::move(request), std::chrono::steady_clock::now()});
  }
  poll_.Wake();
}

void Loop::Refuse(uint64_t id, mapping::UpstreamFault fault, UpstreamClient::Completion done) {
  {
    const MutexLock lock(mutex_);
    inbox_.refused.push_back({id, fault});
    waiting_.emplace(id, std::move(done));
  }
  poll_.Wake();
}

bool Loop::Cancel(uint64_t id) {
  UpstreamClient::Completion dropped;  // destroyed without the lock: its captures are the caller's
  {
    const MutexLock lock(mutex_);
    const auto it = waiting_.find(id);
    if (it == waiting_.end()) return false;
    dropped = std::move(it->second);
    waiting_.erase(it);
    inbox_.cancelled.push_back(id);
  }
  poll_.Wake();
  return true;
}

void Loop::AbortAll() {
  {
    const MutexLock lock(mutex_);
    inbox_.abort_all = true;
  }
  poll_.Wake();
}

void Loop::Run() {
  BlockSignals();
  while (true) {
    poll_.Wait(pending_deadlines_.Next(), now_);
    if (!ReadInbox()) break;
    ExpirePending();
    StartPending();
    poll_.RunTimer(now_);
    while (const auto finished = poll_.NextFinished()) {
      FinishTransfer(finished->easy, finished->code);
    }
    StartPending();
    PublishGauges();
  }
  DropAll();
  PublishGauges();
  poll_.Close();
}

Loop::Inbox Loop::TakeInbox() {
  Inbox taken;
  const MutexLock lock(mutex_);
  std::swap(taken, inbox_);
  // These two last: they also apply to later submissions.
  inbox_.abort_all = taken.abort_all;
  inbox_.quit = taken.quit;
  return taken;
}

bool Loop::ReadInbox() {
  Inbox inbox = TakeInbox();
  for (const RefusedRequest& refusal : inbox.refused) Complete(refusal.id, Failure(refusal.fault));
  // Submissions first: a cancel in the same inbox may be for one of them.
  for (Submission& submission : inbox.submitted) Take(std::move(submission));
  for (const uint64_t id : inbox.cancelled) DropCancelled(id);
  if (inbox.abort_all) DropAll();
  return !inbox.quit;
}

void Loop::Take(Submission submission) {
  const uint64_t id = submission.id;
  const TimePoint deadline = submission.at + submission.request.timeout;
  if (deadline <= now_) return Complete(id, Failure(mapping::UpstreamFault::kTimeout));
  const bool is_poll = submission.request.long_poll;
  const auto kind = is_poll ? Places::Kind::kPoll : Places::Kind::kShort;
  const Places::Admission admission = places_.Enter(now_, id, submission.request.owner, kind);
  if (admission.dropped) MakeRoom(*admission.dropped);
  switch (admission.verdict) {
    case Places::Verdict::kStart: return Start(std::move(submission));
    case Places::Verdict::kWait:
      pending_deadlines_.Set(id, deadline);
      pending_.emplace(id, std::move(submission));
      return;
    case Places::Verdict::kRefuse:
      return RefuseForRoom(id, is_poll, mapping::UpstreamFault::kOverload);
    case Places::Verdict::kTooMany:
      return RefuseForRoom(id, is_poll, mapping::UpstreamFault::kTooManyPolls);
  }
}

void Loop::MakeRoom(uint64_t id) {
  if (Detach(id)) {
    shared_.counters.polls_made_room.fetch_add(1, std::memory_order_relaxed);
    return Complete(id, Failure(mapping::UpstreamFault::kTooManyPolls));
  }
  const auto waits = pending_.find(id);
  const bool is_poll = waits->second.request.long_poll;
  pending_.erase(waits);
  pending_deadlines_.Cancel(id);
  RefuseForRoom(id, is_poll, mapping::UpstreamFault::kOverload);
}

void Loop::RefuseForRoom(uint64_t id, bool is_poll, mapping::UpstreamFault fault) {
  UpstreamCounters& counters = shared_.counters;
  auto& refused = is_poll ? counters.polls_refused : counters.shorts_refused;
  refused.fetch_add(1, std::memory_order_relaxed);
  Complete(id, Failure(fault));
}

void Loop::DropCancelled(uint64_t id) {
  shared_.counters.faults[static_cast<size_t>(mapping::UpstreamFault::kCancelled)].fetch_add(
      1, std::memory_order_relaxed);
  places_.Leave(id);
  pending_deadlines_.Cancel(id);
  if (pending_.erase(id) == 0) Detach(id);
}

bool Loop::Detach(uint64_t id) {
  const auto it = active_.find(id);
  if (it == active_.end()) return false;
  poll_.Remove(it->second->easy());
  KeepEasy(it->second->ReleaseEasy());
  active_.erase(it);
  return true;
}

void Loop::DropAll() {
  for (auto& [id, transfer] : active_) poll_.Remove(transfer->easy());
  active_.clear();
  pending_.clear();
  pending_deadlines_ = {};
  std::vector<uint64_t> ids;
  {
    const MutexLock lock(mutex_);
    ids.reserve(waiting_.size());
    for (const auto& [id, done] : waiting_) ids.push_back(id);
    // None of these may start any more; refusals are still completed here.
    inbox_.submitted.clear();
    inbox_.refused.clear();
  }
  for (const uint64_t id : ids) Complete(id, Failure(mapping::UpstreamFault::kStopping));
}

void Loop::ExpirePending() {
  while (const auto id = pending_deadlines_.PopDue(now_)) {
    pending_.erase(*id);
    Complete(*id, Failure(mapping::UpstreamFault::kTimeout));
  }
}

void Loop::StartPending() {
  while (const auto id = places_.StartNext(now_)) {
    pending_deadlines_.Cancel(*id);
    Start(std::move(pending_.extract(*id).mapped()));
  }
}

void Loop::Start(Submission submission) {
  const uint64_t id = submission.id;
  if (!breaker_.Allow(now_)) return Complete(id, Failure(mapping::UpstreamFault::kUnavailable));
  CurlEasy easy = TakeEasy();
  if (!easy) return Complete(id, Failure(mapping::UpstreamFault::kOverload));  // out of memory
  auto transfer =
      std::make_unique<Transfer>(std::move(easy), id, std::move(submission.request), submission.at,
                                 shared_.config, shared_.homeserver, shared_.counters);
  transfer->Prepare(now_);
  if (!poll_.Add(transfer->easy(), transfer->kind(), now_)) {
    return Complete(id, Failure(mapping::UpstreamFault::kOverload));
  }
  active_.emplace(id, std::move(transfer));
}

void Loop::FinishTransfer(CURL* easy, CURLcode code) {
  char* owner = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
  auto& transfer = *reinterpret_cast<Transfer*>(owner);
  if (transfer.PrepareRedirect(code, now_) && poll_.Add(easy, transfer.kind(), now_)) return;
  const bool answered = transfer.answered();
  Outcome outcome = transfer.Finish(code, now_);
  if (answered) breaker_.Reached();
  if (!outcome) {
    const mapping::UpstreamFault fault = outcome.error();
    const bool unreachable =
        fault == mapping::UpstreamFault::kConnect || fault == mapping::UpstreamFault::kTls;
    if (unreachable && breaker_.Unreachable(now_, TookOf(easy))) {
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
  places_.Leave(id);
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
  if (spare_.empty()) return MakeExchangeEasy(shared_.config, shared_.homeserver);
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
  shared_.counters.polls_active.fetch_add(places_.polls_active() - published_polls_, relaxed);
  published_polls_ = places_.polls_active();
  published_active_ = active_.size();
  published_pending_ = pending_deadlines_.size();
}

}  // namespace lowband::translator::upstream
