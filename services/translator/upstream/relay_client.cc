#include "services/translator/upstream/relay_client.h"

#include <atomic>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/base/timer_queue.h"
#include "services/translator/upstream/breaker.h"
#include "services/translator/upstream/curl_poll.h"
#include "services/translator/upstream/easy.h"
#include "services/translator/upstream/in_flight.h"
#include "services/translator/upstream/places.h"
#include "services/translator/upstream/relay_transfer.h"

namespace lowband::translator::upstream {
namespace {

struct StartIt {
  mapping::RelayHead head;
  std::shared_ptr<RelayEvents> events;
};
struct BodyPiece {
  std::string bytes;
};
struct BodyEnded {};
struct DataTaken {};
struct CancelIt {};

/// A call of another thread for one transfer. A transfer has at most one piece, one end, one
/// acknowledgement and one cancel waiting, so the limit of transfers bounds the calls.
struct Command {
  uint64_t id;
  std::variant<StartIt, BodyPiece, BodyEnded, DataTaken, CancelIt> what;
};

const UpstreamConfig& Checked(const UpstreamConfig& config) {
  config.Validate();
  return config;
}

}  // namespace

class RelayClient::Impl {
 public:
  explicit Impl(const UpstreamConfig& config)
      : config_(Checked(config)),
        homeserver_(ParseHomeserver(config.homeserver)),
        context_{config_, homeserver_, counters_, std::chrono::steady_clock::now(), {}},
        places_({.active_max = config_.relays_max,
                 .pending_max = 0,
                 .polls_per_owner_max = config_.polls_per_owner_max}),
        poll_(kRelayIdleConnectionsMax, config_.connection_life),
        thread_([this] { Run(); }) {}

  ~Impl() {
    {
      const MutexLock lock(mutex_);
      quit_ = true;
    }
    poll_.Wake();
    thread_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Id Reserve() { return next_.fetch_add(1, std::memory_order_relaxed); }
  void Send(Command command) {
    if (std::holds_alternative<StartIt>(command.what)) in_flight_.Add();
    {
      const MutexLock lock(mutex_);
      inbox_.push_back(std::move(command));
    }
    poll_.Wake();
  }
  void Drain(Duration limit) {
    stopping_.store(true);
    if (in_flight_.WaitForNone(limit)) return;
    {
      const MutexLock lock(mutex_);
      abort_all_ = true;
    }
    poll_.Wake();
    in_flight_.WaitForNone();
  }

  const RelayCounters& counters() const { return counters_; }
  size_t in_flight() const { return in_flight_.count(); }
  std::string last_fault() {
    const MutexLock lock(mutex_);
    return last_fault_;
  }

 private:
  void Run();
  bool ReadInbox();
  void Obey(uint64_t id, StartIt& start);
  void Obey(uint64_t id, BodyPiece& piece);
  void Obey(uint64_t id, BodyEnded&);
  void Obey(uint64_t id, DataTaken&);
  void Obey(uint64_t id, CancelIt&);
  void Refuse(RelayEvents& events, mapping::UpstreamFault fault);
  /// None: it has a place.
  std::optional<mapping::UpstreamFault> TakePlace(uint64_t id, const mapping::RelayHead& head);
  void MakeRoom(uint64_t id);
  void Finish(CurlPoll::Finished finished);
  void TellBreaker(const RelayTransfer& transfer, CurlPoll::Finished finished);
  void ExpireSilent();
  void LookAtTouched();
  void Watch(uint64_t id, const RelayTransfer& transfer);
  void AbortAll();
  /// Removes it from libcurl, if it is there.
  void Detach(const RelayTransfer& transfer);
  void ForgetIfOver(uint64_t id);
  void Forget(uint64_t id);
  RelayTransfer* Find(uint64_t id) {
    const auto it = active_.find(id);
    return it == active_.end() ? nullptr : it->second.get();
  }

  const CurlLibrary library_;
  const UpstreamConfig config_;
  const Homeserver homeserver_;
  RelayCounters counters_;
  InFlight in_flight_;
  std::atomic<uint64_t> next_{1};
  std::atomic<bool> stopping_{false};

  Mutex mutex_;
  std::vector<Command> inbox_ LOWBAND_GUARDED_BY(mutex_);
  bool abort_all_ LOWBAND_GUARDED_BY(mutex_) = false;
  bool quit_ LOWBAND_GUARDED_BY(mutex_) = false;
  std::string last_fault_ LOWBAND_GUARDED_BY(mutex_);

  // Only for the loop's thread.
  RelayTransfer::Context context_;
  Places places_;
  Breaker breaker_{config_.connect_timeout};
  TimerQueue<uint64_t> deadlines_;
  CurlPoll poll_;
  std::unordered_map<uint64_t, std::unique_ptr<RelayTransfer>> active_;

  std::thread thread_;  ///< Last: starts when all other members exist.
};

void RelayClient::Impl::Run() {
  BlockSignals();
  while (true) {
    poll_.Wait(deadlines_.Next(), context_.now);
    if (!ReadInbox()) break;
    ExpireSilent();
    poll_.RunTimer(context_.now);
    while (const auto finished = poll_.NextFinished()) Finish(*finished);
    LookAtTouched();
    counters_.active.store(active_.size(), std::memory_order_relaxed);
  }
  AbortAll();
  poll_.Close();
}

bool RelayClient::Impl::ReadInbox() {
  std::vector<Command> commands;
  bool abort_all = false;
  bool quit = false;
  {
    const MutexLock lock(mutex_);
    std::swap(commands, inbox_);
    abort_all = abort_all_;
    quit = quit_;
  }
  for (Command& command : commands) {
    std::visit([this, id = command.id](auto& what) { Obey(id, what); }, command.what);
    ForgetIfOver(command.id);
  }
  if (abort_all) AbortAll();
  return !quit;
}

void RelayClient::Impl::Obey(uint64_t id, StartIt& start) {
  counters_.started.fetch_add(1, std::memory_order_relaxed);
  if (stopping_.load()) return Refuse(*start.events, mapping::UpstreamFault::kStopping);
  if (!breaker_.Allow(context_.now))
    return Refuse(*start.events, mapping::UpstreamFault::kUnavailable);
  CurlEasy easy = MakeEasy(config_);
  if (!easy) return Refuse(*start.events, mapping::UpstreamFault::kOverload);  // out of memory
  if (const auto fault = TakePlace(id, start.head)) return Refuse(*start.events, *fault);
  auto owned = std::make_unique<RelayTransfer>(id, std::move(start.head), std::move(start.events),
                                               std::move(easy), context_);
  RelayTransfer& transfer = *owned;
  active_.emplace(id, std::move(owned));
  transfer.Prepare();
  if (!poll_.Add(transfer.easy(), transfer.kind(), context_.now)) {
    return transfer.Abort(mapping::UpstreamFault::kOverload);
  }
  Watch(id, transfer);
}

void RelayClient::Impl::Refuse(RelayEvents& events, mapping::UpstreamFault fault) {
  counters_.faults[static_cast<size_t>(fault)].fetch_add(1, std::memory_order_relaxed);
  events.OnFault(fault);
  in_flight_.Remove();
}

std::optional<mapping::UpstreamFault> RelayClient::Impl::TakePlace(uint64_t id,
                                                                   const mapping::RelayHead& head) {
  const auto kind = head.long_poll ? Places::Kind::kPoll : Places::Kind::kShort;
  const Places::Admission admission = places_.Enter(context_.now, id, head.owner, kind);
  if (admission.dropped) MakeRoom(*admission.dropped);
  if (admission.verdict == Places::Verdict::kStart) return std::nullopt;
  auto& refused = head.long_poll ? counters_.polls_refused : counters_.shorts_refused;
  refused.fetch_add(1, std::memory_order_relaxed);
  const bool too_many = admission.verdict == Places::Verdict::kTooMany;
  return too_many ? mapping::UpstreamFault::kTooManyPolls : mapping::UpstreamFault::kOverload;
}

void RelayClient::Impl::MakeRoom(uint64_t id) {
  RelayTransfer& transfer = *Find(id);
  // A transfer whose answer is on its way is over soon, and has lost its place already.
  if (transfer.answered()) return;
  counters_.polls_made_room.fetch_add(1, std::memory_order_relaxed);
  Detach(transfer);
  transfer.Abort(mapping::UpstreamFault::kTooManyPolls);
  Forget(id);
}

void RelayClient::Impl::Obey(uint64_t id, BodyPiece& piece) {
  if (RelayTransfer* transfer = Find(id)) transfer->Body(std::move(piece.bytes));
}

void RelayClient::Impl::Obey(uint64_t id, BodyEnded&) {
  if (RelayTransfer* transfer = Find(id)) transfer->BodyEnd();
}

void RelayClient::Impl::Obey(uint64_t id, DataTaken&) {
  if (RelayTransfer* transfer = Find(id)) transfer->Taken();
}

void RelayClient::Impl::Obey(uint64_t id, CancelIt&) {
  RelayTransfer* transfer = Find(id);
  if (transfer == nullptr) return;
  counters_.faults[static_cast<size_t>(mapping::UpstreamFault::kCancelled)].fetch_add(
      1, std::memory_order_relaxed);
  Detach(*transfer);
  Forget(id);
}

void RelayClient::Impl::Finish(CurlPoll::Finished finished) {
  char* owner = nullptr;
  curl_easy_getinfo(finished.easy, CURLINFO_PRIVATE, &owner);
  auto& transfer = *reinterpret_cast<RelayTransfer*>(owner);
  transfer.Finish(finished.code);
  TellBreaker(transfer, finished);
  deadlines_.Cancel(transfer.id());
  ForgetIfOver(transfer.id());
}

void RelayClient::Impl::TellBreaker(const RelayTransfer& transfer, CurlPoll::Finished finished) {
  if (transfer.answered()) breaker_.Reached();
  const auto fault = transfer.fault();
  if (!fault) return;
  const bool unreachable =
      fault == mapping::UpstreamFault::kConnect || fault == mapping::UpstreamFault::kTls;
  if (unreachable && breaker_.Unreachable(context_.now, TookOf(finished.easy))) {
    counters_.breaker_opened.fetch_add(1, std::memory_order_relaxed);
  }
  std::string text = transfer.FailureText(finished.code);
  const MutexLock lock(mutex_);
  last_fault_ = std::move(text);
}

void RelayClient::Impl::ExpireSilent() {
  while (const auto id = deadlines_.PopDue(context_.now)) {
    RelayTransfer* transfer = Find(*id);
    if (transfer == nullptr || transfer->finished()) continue;
    const auto deadline = transfer->Deadline();
    if (transfer->StopExpecting() || !deadline || *deadline > context_.now) {
      Watch(*id, *transfer);  // there was progress meanwhile, or it waits only for the edge
      continue;
    }
    Detach(*transfer);
    transfer->Abort(mapping::UpstreamFault::kTimeout);
    Forget(*id);
  }
}

void RelayClient::Impl::Watch(uint64_t id, const RelayTransfer& transfer) {
  const Duration look_again = std::min(config_.relay_silence, config_.relay_head_timeout);
  deadlines_.Set(id, transfer.Deadline().value_or(context_.now + look_again));
}

void RelayClient::Impl::LookAtTouched() {
  while (!context_.touched.empty()) {
    for (const uint64_t id : std::exchange(context_.touched, {})) {
      RelayTransfer* transfer = Find(id);
      if (transfer == nullptr || transfer->finished()) continue;
      transfer->Resume();
      Watch(id, *transfer);
    }
  }
}

void RelayClient::Impl::Detach(const RelayTransfer& transfer) { poll_.Remove(transfer.easy()); }

void RelayClient::Impl::ForgetIfOver(uint64_t id) {
  const RelayTransfer* transfer = Find(id);
  if (transfer != nullptr && transfer->over()) Forget(id);
}

void RelayClient::Impl::Forget(uint64_t id) {
  places_.Leave(id);
  deadlines_.Cancel(id);
  active_.erase(id);
  in_flight_.Remove();
}

void RelayClient::Impl::AbortAll() {
  while (!active_.empty()) {
    const uint64_t id = active_.begin()->first;
    RelayTransfer& transfer = *active_.begin()->second;
    Detach(transfer);
    transfer.Abort(mapping::UpstreamFault::kStopping);
    Forget(id);
  }
}

RelayClient::RelayClient(const UpstreamConfig& config) : impl_(std::make_unique<Impl>(config)) {}
RelayClient::~RelayClient() { impl_->Drain(Duration::zero()); }

RelayClient::Id RelayClient::Reserve() { return impl_->Reserve(); }
void RelayClient::Start(Id id, mapping::RelayHead head, std::shared_ptr<RelayEvents> events) {
  impl_->Send({id, StartIt{std::move(head), std::move(events)}});
}
void RelayClient::Body(Id id, std::string piece) { impl_->Send({id, BodyPiece{std::move(piece)}}); }
void RelayClient::BodyEnd(Id id) { impl_->Send({id, BodyEnded{}}); }
void RelayClient::Taken(Id id) { impl_->Send({id, DataTaken{}}); }
void RelayClient::Cancel(Id id) { impl_->Send({id, CancelIt{}}); }
void RelayClient::Drain(Duration limit) { impl_->Drain(limit); }
const RelayCounters& RelayClient::counters() const { return impl_->counters(); }
size_t RelayClient::in_flight() const { return impl_->in_flight(); }
std::string RelayClient::last_fault() const { return impl_->last_fault(); }

}  // namespace lowband::translator::upstream
