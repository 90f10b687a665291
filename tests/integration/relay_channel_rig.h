// Both ends of relay lanes over a real socket: an edge's relay channel, and an ingress whose relays
// do what their target says.
//
// Threading: one test thread; the ingress has gRPC's.
#pragma once

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/grpc/contract.h"
#include "services/edge/fallback/relay_call.h"
#include "services/translator/ingress/server.h"
#include "tests/support/eventually.h"

namespace lowband::edge::fallback::testing {

using translator::ingress::RelaySink;

inline constexpr std::chrono::seconds kLong{20};

/// Relays without a homeserver. Their target says what they do:
///   /wait          nothing, for ever
///   /echo          answer with the request's body, when it is whole
///   /size/N        answer with N bytes
/// From a thread of their own, as the contract with the ingress wants it.
class FakeRelays final : public translator::ingress::RelayHandler {
 public:
  FakeRelays() : thread_([this] { Run(); }) {}
  ~FakeRelays() override {
    stopping_ = true;
    thread_.join();
  }
  FakeRelays(const FakeRelays&) = delete;
  FakeRelays& operator=(const FakeRelays&) = delete;

  std::optional<translator::ingress::RelayOwnAnswer> AnswerAtOnce(
      const v1::RelayRequest&) override {
    return std::nullopt;
  }
  Result<std::shared_ptr<translator::ingress::Relay>, std::string> Make(
      v1::RelayRequest request, std::weak_ptr<RelaySink> sink) override;

  int begun() const { return begun_; }
  int cancelled() const { return cancelled_; }

 private:
  class Relay;
  void Do(std::function<void()> what) {
    const MutexLock lock(mutex_);
    todo_.push_back(std::move(what));
  }
  void Run() {
    std::vector<std::function<void()>> now;
    while (!stopping_) {
      {
        const MutexLock lock(mutex_);
        std::swap(now, todo_);
      }
      if (now.empty()) std::this_thread::yield();
      for (const auto& what : now) what();
      now.clear();
    }
  }

  std::atomic<bool> stopping_{false};
  std::atomic<int> begun_{0};
  std::atomic<int> cancelled_{0};
  Mutex mutex_;
  std::vector<std::function<void()>> todo_ LOWBAND_GUARDED_BY(mutex_);
  std::thread thread_;
};

class FakeRelays::Relay final : public translator::ingress::Relay,
                                public std::enable_shared_from_this<Relay> {
 public:
  Relay(FakeRelays& relays, v1::RelayRequest request, std::weak_ptr<RelaySink> sink)
      : relays_(relays),
        target_(std::move(*request.mutable_target())),
        body_left_(request.has_body() ? request.content_length() : 0),
        chunked_(request.has_body() && !request.has_content_length()),
        sink_(std::move(sink)) {}

  void Begin() override {
    ++relays_.begun_;
    if (target_ == "/wait") return;
    if (target_.starts_with("/size/")) left_ = std::stoul(target_.substr(6));
    Later([](Relay& self) { self.Step(); });
  }
  void Body(std::string piece) override {
    Later([piece = std::move(piece)](Relay& self) {
      self.body_ += piece;
      self.body_left_ -= std::min<uint64_t>(self.body_left_, piece.size());
      self.Step();
    });
  }
  void BodyEnd() override {
    Later([](Relay& self) {
      self.chunked_ = false;
      self.Step();
    });
  }
  void Taken() override {
    Later([](Relay& self) { self.Answer(); });
  }
  void Cancel() override { ++relays_.cancelled_; }

 private:
  template <class Do>
  void Later(Do what) {
    relays_.Do([self = shared_from_this(), what] { what(*self); });
  }
  void Step() {
    const auto sink = sink_.lock();
    if (!sink) return;
    if (chunked_ || body_left_ > 0) return sink->BodyWanted();
    if (target_ == "/echo") left_ = body_.size();
    v1::RelayResponse head;
    head.set_status(200);
    head.set_content_length(left_);
    sink->Head(std::move(head));
    Answer();
  }
  void Answer() {
    const auto sink = sink_.lock();
    if (!sink) return;
    if (left_ == 0) return sink->End(true);
    const size_t size = std::min<size_t>(left_, contract::kChunkBytesMax);
    std::string piece = body_.empty() ? std::string(size, 'x') : body_.substr(told_, size);
    left_ -= size;
    told_ += size;
    sink->Data(std::move(piece));
  }

  FakeRelays& relays_;
  const std::string target_;
  uint64_t body_left_;
  bool chunked_;
  const std::weak_ptr<RelaySink> sink_;
  std::string body_;
  size_t left_ = 0;
  size_t told_ = 0;
};

inline Result<std::shared_ptr<translator::ingress::Relay>, std::string> FakeRelays::Make(
    v1::RelayRequest request, std::weak_ptr<RelaySink> sink) {
  return std::shared_ptr<translator::ingress::Relay>(
      std::make_shared<Relay>(*this, std::move(request), std::move(sink)));
}

/// A translator with those.
class FakeTranslator {
 public:
  /// `port`: 0 is any.
  explicit FakeTranslator(uint16_t port = 0, size_t relays_max = 10'000)
      : server_(Serving(port, relays_max), exchanges_, &relays_) {}
  translator::ingress::Server& server() { return server_; }
  FakeRelays& relays() { return relays_; }
  std::string target() const { return "ipv4:127.0.0.1:" + std::to_string(server_.port()); }

 private:
  class NoExchanges final : public translator::ingress::Handler {
   public:
    void Start(translator::ingress::ExchangeKey, v1::Request,
               translator::ingress::Respond) override {}
    void Cancel(translator::ingress::ExchangeKey) override {}
    translator::ingress::ExchangeAnswer Refuse(const v1::Request&,
                                               translator::ingress::Refused) override {
      return {};
    }
  };
  static translator::ingress::ServerConfig Serving(uint16_t port, size_t relays_max) {
    translator::ingress::ServerConfig config;
    config.listen = "127.0.0.1:" + std::to_string(port);
    config.credentials = grpc::InsecureServerCredentials();
    config.ingress.relays_max = relays_max;
    return config;
  }

  NoExchanges exchanges_;
  FakeRelays relays_;
  translator::ingress::Server server_;
};

/// A connection's side of one transfer.
class Caller {
 public:
  Caller(RelayChannel& channel, const std::string& target, size_t window = 1000,
         std::optional<std::string> body = std::nullopt, bool tells_length = true,
         const std::string& address = "")
      : window_(window), body_(std::move(body)) {
    v1::RelayRequest request;
    request.set_method(body_ ? "POST" : "GET");
    request.set_target(target);
    request.set_has_body(body_.has_value());
    request.set_forwarded_for(address);
    if (body_ && tells_length) request.set_content_length(body_->size());
    call_ = channel.Open({queue_, 1}, std::move(request), window);
  }

  /// Goes on until `done`; false if that takes too long.
  template <class Done>
  bool Until(Done done) {
    return Eventually([&] {
      Step();
      return done();
    });
  }
  bool UntilEnded() {
    return Until([this] { return end_.has_value(); });
  }
  /// What has happened, without reading on.
  void Look() {
    if (!call_ || end_) return;
    call_->Drain(events_);
    for (CallEvent& event : events_) {
      if (std::holds_alternative<CallOpened>(event)) opened_ = true;
      if (std::holds_alternative<CallWritten>(event)) writing_ = false;
      if (auto* received = std::get_if<CallReceived>(&event)) Take(*received->chunk);
      if (const auto* ended = std::get_if<CallEnded>(&event)) end_ = ended->end;
    }
  }
  void Step() {
    Look();
    if (!call_ || end_) return;
    if (std::exchange(received_, false)) call_->ReadNext(window_);
    if (opened_ && !writing_) Write();
  }
  void Leave() { call_.reset(); }
  RelayChannel::Call& call() { return *call_; }

  bool opened() const { return opened_; }
  uint32_t status() const { return status_; }
  const std::string& answer() const { return answer_; }
  const std::optional<CallEnd>& end() const { return end_; }
  size_t written() const { return written_; }

 private:
  void Take(const v1::RelayChunk& chunk) {
    received_ = true;
    if (chunk.has_response()) status_ = chunk.response().status();
    answer_ += chunk.data();
  }
  void Write() {
    if (ended_) return;
    if (body_ && written_ < body_->size()) {
      std::string piece = body_->substr(written_, contract::kChunkBytesMax);
      written_ += piece.size();
      writing_ = true;
      return call_->Write(std::move(piece));
    }
    ended_ = true;
    call_->EndWrites(body_.has_value());
  }

  const std::shared_ptr<WakeQueue> queue_ = std::make_shared<WakeQueue>();
  const size_t window_;
  const std::optional<std::string> body_;
  std::unique_ptr<RelayChannel::Call> call_;
  std::vector<CallEvent> events_;
  bool opened_ = false;
  bool writing_ = true;
  bool ended_ = false;
  bool received_ = false;
  size_t written_ = 0;
  uint32_t status_ = 0;
  std::string answer_;
  std::optional<CallEnd> end_;
};

/// A channel, and what it counts.
class Channel {
 public:
  explicit Channel(const std::string& target) {
    uplink::TransportConfig config;
    config.target = target;
    config.credentials = grpc::InsecureChannelCredentials();
    channel_ = MakeRelayChannel(config, counters_);
  }
  RelayChannel& operator*() { return *channel_; }
  const RelayLaneCounters& counters() const { return *counters_; }

 private:
  const std::shared_ptr<RelayLaneCounters> counters_ = std::make_shared<RelayLaneCounters>();
  std::unique_ptr<RelayChannel> channel_;
};

}  // namespace lowband::edge::fallback::testing
