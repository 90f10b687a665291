// The ingress as an edge sees it that is written by hand, frame by frame, and a handler that the
// test answers for.
//
// Threading: the test's thread; the handler is called on gRPC's.
#pragma once

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "libs/grpc/contract.h"
#include "lowband/v1/translator.grpc.pb.h"
#include "services/translator/ingress/server.h"
#include "tests/support/plain_server.h"
#include "tests/support/temporary_folder.h"

namespace lowband::translator::ingress {

inline constexpr Duration kLimit = std::chrono::seconds(20);

/// Keeps what it was given; the test answers.
class Recorder final : public Handler {
 public:
  struct Started {
    ExchangeKey key;
    v1::Request request;
    Respond respond;
  };
  void Start(ExchangeKey key, v1::Request request, Respond respond) override {
    if (observe_all_) respond.Observable();
    const std::lock_guard lock(mutex_);
    started_.push_back({key, std::move(request), std::move(respond)});
    changed_.notify_all();
  }
  void Cancel(ExchangeKey key) override {
    const std::lock_guard lock(mutex_);
    cancelled_.push_back(key.exchange);
    changed_.notify_all();
  }
  ExchangeAnswer Refuse(const v1::Request& request, Refused reason) override {
    ExchangeAnswer answer;
    answer.head.set_code(reason == Refused::kOverload ? 0xa3 : 0x8d);
    answer.head.set_content_format(request.accept());
    return answer;
  }

  /// Every path can be observed. Before the first request.
  void ObserveAll() { observe_all_ = true; }

  /// The exchange of that number, as soon as it is there.
  Started WaitFor(uint64_t exchange) {
    std::unique_lock lock(mutex_);
    std::optional<Started> found;
    changed_.wait_for(lock, kLimit, [&] {
      for (const Started& one : started_) {
        if (one.key.exchange == exchange) found = one;
      }
      return found.has_value();
    });
    return found.value();
  }
  bool WaitForCancel(uint64_t exchange) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLimit, [&] {
      return std::find(cancelled_.begin(), cancelled_.end(), exchange) != cancelled_.end();
    });
  }
  size_t count() {
    const std::lock_guard lock(mutex_);
    return started_.size();
  }
  size_t cancels() {
    const std::lock_guard lock(mutex_);
    return cancelled_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Started> started_;
  std::vector<uint64_t> cancelled_;
  bool observe_all_ = false;
};

inline constexpr uint32_t kBadGateway = 5 << 5 | 2;

inline ExchangeAnswer Text(const std::string& body) {
  ExchangeAnswer answer;
  answer.head.set_code(0x45);
  answer.head.set_content_format(60);
  answer.body.assign(body.begin(), body.end());
  return answer;
}

/// A lane whose batches the test writes and reads itself.
class HandWrittenLane {
 public:
  explicit HandWrittenLane(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::Translator::NewStub(channel)) {
    context_.set_deadline(std::chrono::system_clock::now() + kLimit);
    stream_ = stub_->Exchange(&context_);
  }
  ~HandWrittenLane() {
    context_.TryCancel();
    if (!finished_) (void)stream_->Finish();
  }

  v1::EdgeFrame& Add(uint64_t exchange) {
    v1::EdgeFrame& frame = *batch_.add_frames();
    frame.set_exchange(exchange);
    return frame;
  }
  v1::Request& AddRequest(uint64_t exchange, const std::string& body = "", bool more = false) {
    v1::Request& request = *Add(exchange).mutable_request();
    request.set_body(body);
    request.set_more(more);
    return request;
  }
  void AddChunk(uint64_t exchange, const std::string& data, bool more) {
    v1::BodyChunk& chunk = *Add(exchange).mutable_body();
    chunk.set_data(data);
    chunk.set_more(more);
  }
  void AddCancel(uint64_t exchange) { Add(exchange).mutable_cancel(); }
  void Write() {
    ASSERT_TRUE(stream_->Write(batch_));
    batch_.Clear();
  }
  void Ask(uint64_t exchange) {
    AddRequest(exchange);
    Write();
  }
  /// The next batch; an empty one when the stream has ended.
  v1::TranslatorBatch Read() {
    v1::TranslatorBatch batch;
    if (!stream_->Read(&batch)) batch.Clear();
    return batch;
  }
  /// Reads until the answer of `exchange` is whole; its code and body.
  std::pair<uint32_t, std::string> ReadAnswer(uint64_t exchange) {
    v1::TranslatorBatch batch;
    while (!answers_[exchange].whole && stream_->Read(&batch)) {
      for (const auto& frame : batch.frames()) {
        Answer& answer = answers_[frame.exchange()];
        if (frame.has_answer()) answer.code = frame.answer().code();
        answer.body += frame.has_answer() ? frame.answer().body() : frame.body().data();
        answer.whole = !(frame.has_answer() ? frame.answer().more() : frame.body().more());
      }
    }
    EXPECT_TRUE(answers_[exchange].whole) << "the stream ended without an answer";
    return {answers_[exchange].code, answers_[exchange].body};
  }
  void HalfClose() { stream_->WritesDone(); }
  void Cancel() { context_.TryCancel(); }
  grpc::Status Finish() {
    finished_ = true;
    return stream_->Finish();
  }

 private:
  std::unique_ptr<v1::Translator::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::EdgeBatch, v1::TranslatorBatch>> stream_;
  v1::EdgeBatch batch_;
  bool finished_ = false;
  struct Answer {
    uint32_t code = 0;
    std::string body;
    bool whole = false;
  };
  std::map<uint64_t, Answer> answers_;
};

class IngressServer : public ::testing::Test {
 protected:
  void Start(const Config& config = {}) {
    ServerConfig server = PlainServer("unix:" + directory_.Path("t"));
    server.ingress = config;
    server_ = std::make_unique<Server>(server, handler_);
    channel_ = grpc::CreateChannel(server.listen, grpc::InsecureChannelCredentials());
    lane_ = std::make_unique<HandWrittenLane>(channel_);
  }

  TemporaryFolder directory_;
  Recorder handler_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<HandWrittenLane> lane_;
};

}  // namespace lowband::translator::ingress
