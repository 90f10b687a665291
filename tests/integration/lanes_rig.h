// Both ends of the contract over real sockets: an edge's loop without clients, and a translator
// that answers by itself.
#pragma once

#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "services/edge/uplink/counters.h"
#include "services/edge/uplink/lane_set.h"
#include "services/edge/uplink/lane_transport.h"
#include "services/translator/ingress/server.h"
#include "tests/support/plain_server.h"
#include "tests/support/temporary_folder.h"

namespace lowband {

using namespace std::chrono_literals;

/// Answers with the request's body, from threads of its own if asked to. A request may carry two
/// path segments: how many bytes the answer shall have, and after how many milliseconds.
class EchoHandler final : public translator::ingress::Handler {
 public:
  using Key = translator::ingress::ExchangeKey;
  using Answer = translator::ingress::ExchangeAnswer;

  explicit EchoHandler(unsigned threads = 0) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
  }
  ~EchoHandler() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void Start(Key key, v1::Request request, translator::ingress::Respond respond) override {
    Job job{key, std::chrono::steady_clock::now(), std::move(request), std::move(respond)};
    if (job.request.path_size() > 1)
      job.due += std::chrono::milliseconds(stoi(job.request.path(1)));
    const std::lock_guard lock(mutex_);
    ++started_;
    ++executions_[job.request.token()];
    if (threads_.empty()) {
      job.respond(Make(job.request));
    } else {
      jobs_.insert(std::upper_bound(jobs_.begin(), jobs_.end(), job,
                                    [](const Job& a, const Job& b) { return a.due < b.due; }),
                   std::move(job));
      wake_.notify_one();
    }
  }
  void Cancel(Key key) override {
    const std::lock_guard lock(mutex_);
    ++cancels_;
    std::erase_if(jobs_, [&](const Job& job) { return job.key == key; });
  }
  Answer Refuse(const v1::Request&, translator::ingress::Refused reason) override {
    Answer answer;
    answer.head.set_code(reason == translator::ingress::Refused::kOverload ? 0xa3 : 0x8d);
    answer.body = {0xa0};
    return answer;
  }

  size_t started() const {
    const std::lock_guard lock(mutex_);
    return started_;
  }
  size_t cancels() const {
    const std::lock_guard lock(mutex_);
    return cancels_;
  }
  size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return jobs_.size();
  }
  /// How often each request was executed; a request is named by its token.
  std::map<std::string, size_t> executions() const {
    const std::lock_guard lock(mutex_);
    return executions_;
  }

 private:
  struct Job {
    Key key;
    TimePoint due;
    v1::Request request;
    translator::ingress::Respond respond;
  };

  static Answer Make(const v1::Request& request) {
    Answer answer;
    answer.head.set_code(0x45);
    answer.head.set_content_format(60);
    const size_t size = request.path_size() > 0 ? std::stoul(request.path(0)) : 0;
    answer.body.assign(request.body().begin(), request.body().end());
    answer.body.resize(std::max(size, answer.body.size()), 'a');
    return answer;
  }

  void Run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (jobs_.empty()) {
        wake_.wait(lock);
        continue;
      }
      const TimePoint due = jobs_.front().due;
      if (due > std::chrono::steady_clock::now()) {
        wake_.wait_until(lock, due);
        continue;
      }
      const Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job.respond(Make(job.request));
      lock.lock();
    }
  }

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  size_t started_ = 0;
  size_t cancels_ = 0;
  std::map<std::string, size_t> executions_;
  std::deque<Job> jobs_;
  std::vector<std::thread> threads_;
};

/// An edge's worker without clients: exchanges go in, answers come out, on the test's thread.
class EdgeLoop {
 public:
  explicit EdgeLoop(const std::string& target, edge::uplink::Config config = {},
                    std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr)
      : EdgeLoop(ConfigFor(target, credentials), config) {}
  explicit EdgeLoop(const edge::uplink::TransportConfig& transport,
                    edge::uplink::Config config = {})
      : random_(MakeSystemRandom()), set_(config, *random_), transport_(transport) {}

  static edge::uplink::TransportConfig ConfigFor(
      const std::string& target, std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr) {
    edge::uplink::TransportConfig config;
    config.target = target;
    config.credentials = credentials ? credentials : grpc::InsecureChannelCredentials();
    return config;
  }

  struct Ask {
    v1::Method method = v1::GET;
    std::string body = {};
    size_t answer_bytes = 0;
    int delay_ms = 0;
    Duration deadline = 20s;
    std::vector<std::string> path = {};  ///< Instead of what an EchoHandler shall do.
    uint32_t window = 0;
    uint64_t from = 0;
  };
  uint64_t Submit(const Ask& ask) {
    edge::request::StartExchange start;
    start.id = ++last_id_;
    start.deadline = Now() + ask.deadline;
    start.request.set_method(ask.method);
    start.request.set_token(std::to_string(start.id));
    start.request.set_body(ask.body);
    if (ask.path.empty()) {
      start.request.add_path(std::to_string(ask.answer_bytes));
      start.request.add_path(std::to_string(ask.delay_ms));
    }
    for (const std::string& segment : ask.path) start.request.add_path(segment);
    if (ask.window > 0) start.request.set_answer_window(ask.window);
    if (ask.from > 0) start.request.set_answer_from(ask.from);
    set_.Submit(Now(), std::move(start));
    return last_id_;
  }
  void Credit(uint64_t id, uint64_t until) {
    set_.Submit(Now(), edge::request::GiveCredit{id, until});
  }
  void Cancel(uint64_t id) { set_.Submit(Now(), edge::request::CancelExchange{id}); }

  /// One turn of the loop; waits for events up to `limit`.
  void Turn(Duration limit = 10ms) {
    Act();
    Duration wait = limit;
    if (const auto next = set_.NextDeadline())
      wait = std::clamp(*next - Now(), 0ns, Duration(limit));
    pollfd waiting{transport_.fd(), POLLIN, 0};
    poll(&waiting, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count()));
    transport_.Drain(events_);
    const TimePoint now = Now();
    for (const auto& event : events_) set_.Handle(now, event);
    set_.Advance(now);
    Act();
  }
  /// False if `done` was not true within `limit`.
  bool RunUntil(const std::function<bool()>& done, Duration limit = 20s) {
    const TimePoint end = Now() + limit;
    while (!done()) {
      if (Now() > end) return false;
      Turn();
    }
    return true;
  }
  bool RunUntilReady() {
    return RunUntil([&] { return set_.ready(); });
  }
  bool RunUntilAnswered() {
    return RunUntil([&] { return set_.exchanges_in_flight() == 0; });
  }

  edge::uplink::LaneSet& set() { return set_; }
  const std::map<uint64_t, edge::request::Answer>& answers() const { return answers_; }
  /// Answers by a window of which no more comes; the pieces of others are behind their first.
  const std::set<uint64_t>& broken() const { return broken_; }
  /// How many answers had this code.
  size_t CountCode(const std::string& code) const {
    return static_cast<size_t>(
        std::count_if(answers_.begin(), answers_.end(),
                      [&](const auto& one) { return one.second.code.Text() == code; }));
  }
  std::string CodeOf(uint64_t id) const {
    return answers_.contains(id) ? answers_.at(id).code.Text() : "none";
  }

 private:
  static TimePoint Now() { return std::chrono::steady_clock::now(); }
  void Act() {
    while (auto action = set_.PollAction()) transport_.Execute(std::move(*action));
    while (auto answer = set_.PollAnswer()) {
      const uint64_t id = answer->id;
      EXPECT_TRUE(answers_.emplace(id, std::move(*answer)).second) << "two answers to " << id;
    }
    while (auto piece = set_.PollPiece()) {
      Append(answers_.at(piece->id).body, piece->bytes);
      if (piece->then == edge::request::AnswerPiece::Then::kBroken) broken_.insert(piece->id);
    }
  }

  std::unique_ptr<Random> random_;
  edge::uplink::LaneSet set_;
  edge::uplink::LaneTransport transport_;
  std::vector<edge::uplink::LaneEvent> events_;
  uint64_t last_id_ = 0;
  std::map<uint64_t, edge::request::Answer> answers_;
  std::set<uint64_t> broken_;
};

}  // namespace lowband
