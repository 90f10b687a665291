// A relay channel whose translator is a script: what it does with a request is a function, and what
// came is kept to be looked at.
//
// Threading: scripts run on loops' threads and may answer from others; the journal has a
// lock.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/mutex.h"
#include "lowband/v1/translator.pb.h"
#include "services/edge/fallback/relay_call.h"

namespace lowband::edge::fallback::testing {

class ScriptedCall;

struct Script {
  /// The request's head came; `attempt` counts calls from 1.
  std::function<void(ScriptedCall&, int attempt)> on_request;
  /// The whole body came.
  std::function<void(ScriptedCall&)> on_body;
};

/// What the translator saw, over all calls.
struct Journal {
  Mutex mutex;
  std::vector<v1::RelayRequest> requests LOWBAND_GUARDED_BY(mutex);
  std::vector<std::string> bodies LOWBAND_GUARDED_BY(mutex);
  int cancelled LOWBAND_GUARDED_BY(mutex) = 0;
};

class ScriptedCall final : public RelayChannel::Call {
 public:
  ScriptedCall(const Script& script, Journal& journal, int attempt, Waker waker)
      : script_(script), journal_(journal), attempt_(attempt), events_(1024, std::move(waker)) {}
  ~ScriptedCall() override {
    const MutexLock own_lock(mutex_);
    const MutexLock lock(journal_.mutex);
    if (!ended_) ++journal_.cancelled;
  }

  // For scripts.
  void Proceed() {
    v1::RelayChunk chunk;
    chunk.mutable_proceed();
    Queue(std::move(chunk));
  }
  void Head(uint32_t status, std::vector<std::pair<std::string, std::string>> fields = {},
            std::optional<uint64_t> length = std::nullopt) {
    v1::RelayChunk chunk;
    chunk.mutable_response()->set_status(status);
    for (const auto& [name, value] : fields) {
      v1::HttpField& field = *chunk.mutable_response()->add_fields();
      field.set_name(name);
      field.set_value(value);
    }
    if (length) chunk.mutable_response()->set_content_length(*length);
    Queue(std::move(chunk));
  }
  void Data(std::string data) {
    v1::RelayChunk chunk;
    chunk.set_data(std::move(data));
    Queue(std::move(chunk));
  }
  void End(CallEnd end = CallEnd::kServed) {
    const MutexLock lock(mutex_);
    end_ = end;
    Deliver();
  }
  void Answer(uint32_t status, const std::string& body) {
    Head(status, {{"Content-Type", "text/plain"}}, body.size());
    if (!body.empty()) Data(body);
    End();
  }
  const std::string& body() const { return body_; }
  int attempt() const { return attempt_; }
  const std::string& target() const { return target_; }

  // For the connection.
  void Begin(v1::RelayRequest request) {
    target_ = request.target();
    {
      const MutexLock lock(journal_.mutex);
      journal_.requests.push_back(std::move(request));
    }
    Tell(CallOpened{});
    Tell(CallWritten{});
    if (script_.on_request) script_.on_request(*this, attempt_);
  }
  void Write(std::string piece) override {
    body_ += piece;
    Tell(CallWritten{});
  }
  void EndWrites(bool) override {
    {
      const MutexLock lock(journal_.mutex);
      journal_.bodies.push_back(body_);
    }
    if (script_.on_body) script_.on_body(*this);
  }
  void ReadNext(size_t) override {
    const MutexLock lock(mutex_);
    ++wanted_;
    Deliver();
  }
  void Drain(std::vector<CallEvent>& events) override { events_.Drain(events); }

 private:
  void Queue(v1::RelayChunk chunk) {
    const MutexLock lock(mutex_);
    queued_.push_back(std::make_unique<v1::RelayChunk>(std::move(chunk)));
    Deliver();
  }
  void Deliver() LOWBAND_REQUIRES(mutex_) {
    while (wanted_ > 0 && !queued_.empty()) {
      --wanted_;
      Tell(CallReceived{std::move(queued_.front())});
      queued_.pop_front();
    }
    if (!end_ || !queued_.empty() || ended_) return;
    ended_ = true;
    Tell(CallEnded{*end_});
  }
  void Tell(CallEvent event) { (void)events_.Push(std::move(event)); }

  const Script& script_;
  Journal& journal_;
  const int attempt_;
  WakingMailbox<CallEvent> events_;
  std::string target_;
  std::string body_;
  Mutex mutex_;  // scripts may answer from another thread
  std::deque<std::unique_ptr<v1::RelayChunk>> queued_ LOWBAND_GUARDED_BY(mutex_);
  int wanted_ LOWBAND_GUARDED_BY(mutex_) = 1;
  std::optional<CallEnd> end_ LOWBAND_GUARDED_BY(mutex_);
  bool ended_ LOWBAND_GUARDED_BY(mutex_) = false;
};

class ScriptedChannel final : public RelayChannel {
 public:
  ScriptedChannel(const Script& script, Journal& journal) : script_(script), journal_(journal) {}
  std::unique_ptr<Call> Open(Waker waker, v1::RelayRequest request, size_t) override {
    auto call = std::make_unique<ScriptedCall>(script_, journal_, ++calls_, std::move(waker));
    call->Begin(std::move(request));
    return call;
  }

 private:
  const Script script_;
  Journal& journal_;
  std::atomic<int> calls_{0};
};

}  // namespace lowband::edge::fallback::testing
