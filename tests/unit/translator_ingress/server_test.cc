// The ingress as an edge sees it that is written by hand, frame by frame.
#include "services/translator/ingress/server.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <future>
#include <optional>
#include <thread>

#include "libs/base/config_error.h"
#include "libs/grpc/contract.h"
#include "lowband/v1/translator.grpc.pb.h"
#include "tests/integration/lanes_rig.h"

namespace lowband::translator::ingress {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Duration kLimit = std::chrono::seconds(20);

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

constexpr uint32_t kBadGateway = 5 << 5 | 2;

ExchangeAnswer Text(const std::string& body) {
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

  TemporaryDirectory directory_;
  Recorder handler_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<HandWrittenLane> lane_;
};

TEST_F(IngressServer, RequestInPiecesThenTheHandlerGetsItWhole) {
  Start();
  lane_->AddRequest(1, "one ", true).add_path("p");
  lane_->AddRequest(2, "small");
  lane_->AddChunk(1, "two ", true);
  lane_->Write();
  EXPECT_EQ(handler_.WaitFor(2).request.body(), "small");
  lane_->AddChunk(1, "three", false);
  lane_->Write();
  const auto started = handler_.WaitFor(1);
  EXPECT_EQ(started.request.body(), "one two three");
  EXPECT_EQ(started.request.path(0), "p");
  started.respond(Text("answer"));
  EXPECT_EQ(lane_->ReadAnswer(1), std::pair(0x45u, std::string("answer")));
}

TEST_F(IngressServer, AnsweredTwiceThenTheFirstCounts) {
  Start();
  lane_->AddRequest(1);
  lane_->AddRequest(2);
  lane_->Write();
  const auto started = handler_.WaitFor(1);
  started.respond(Text("first"));
  started.respond(Text("second"));
  handler_.WaitFor(2).respond(Text("other"));
  EXPECT_EQ(lane_->ReadAnswer(1).second, "first");
  EXPECT_EQ(lane_->ReadAnswer(2).second, "other");
  EXPECT_EQ(server_->counters().answers_unwanted, 1u);
}

TEST_F(IngressServer, CancelThenTheHandlerLearnsAndTheAnswerIsDropped) {
  Start();
  lane_->AddRequest(1);
  lane_->AddRequest(2);
  lane_->Write();
  const auto first = handler_.WaitFor(1);
  lane_->AddCancel(1);
  lane_->Write();
  EXPECT_TRUE(handler_.WaitForCancel(1));
  first.respond(Text("unwanted"));
  handler_.WaitFor(2).respond(Text("wanted"));
  const v1::TranslatorBatch batch = lane_->Read();
  ASSERT_EQ(batch.frames_size(), 1);
  EXPECT_EQ(batch.frames(0).exchange(), 2u);
  EXPECT_EQ(server_->exchanges_in_flight(), 0u);
}

TEST_F(IngressServer, CancelOfAnIncompleteRequestThenTheHandlerNeverSeesIt) {
  Start();
  lane_->AddRequest(1, "part", true);
  lane_->AddCancel(1);
  lane_->AddChunk(1, "late", false);
  lane_->AddCancel(99);
  lane_->AddRequest(2);
  lane_->Write();
  handler_.WaitFor(2);
  EXPECT_EQ(handler_.count(), 1u);
  EXPECT_EQ(handler_.cancels(), 0u);
}

TEST_F(IngressServer, OneIdTwiceThenTheFirstStands) {
  Start();
  lane_->AddRequest(1, "first");
  lane_->AddRequest(1, "second");
  lane_->Add(3);
  lane_->AddRequest(2);
  lane_->Write();
  handler_.WaitFor(2);
  EXPECT_EQ(handler_.count(), 2u);
  EXPECT_EQ(handler_.WaitFor(1).request.body(), "first");
}

TEST_F(IngressServer, BodyOverTheLimitThenRefusedAndTheLaneGoesOn) {
  Config config;
  config.request_bytes_max = 10;
  Start(config);
  lane_->AddRequest(1, "0123456789a").set_accept(50);
  lane_->AddRequest(2, "01234", true);
  lane_->AddChunk(2, "56789a", true);
  lane_->AddChunk(2, "late", false);
  lane_->AddRequest(3, "0123456789");
  lane_->Write();
  EXPECT_EQ(lane_->ReadAnswer(2).first, 0x8du);
  handler_.WaitFor(3).respond(Text("fits"));
  EXPECT_EQ(lane_->ReadAnswer(3).second, "fits");
  EXPECT_EQ(handler_.count(), 1u);
  EXPECT_EQ(server_->counters().refused_body_size, 2u);
}

TEST_F(IngressServer, TooManyExchangesThenRefusedUntilSomeAreAnswered) {
  Config config;
  config.exchanges_max = 2;
  Start(config);
  for (uint64_t id = 1; id <= 3; ++id) lane_->AddRequest(id);
  lane_->Write();
  EXPECT_EQ(lane_->ReadAnswer(3).first, 0xa3u);
  handler_.WaitFor(1).respond(Text("done"));
  EXPECT_EQ(lane_->ReadAnswer(1).second, "done");
  lane_->AddRequest(4);
  lane_->Write();
  handler_.WaitFor(4);
}

TEST_F(IngressServer, AnswersOverTheLimitThenReplacedByAnErrorInTheSameForm) {
  Config config;
  config.answers_bytes_max = 1000;
  Start(config);
  lane_->Ask(1);
  handler_.WaitFor(1).respond(Text(std::string(1001, 'x')));
  const v1::TranslatorBatch batch = lane_->Read();
  ASSERT_EQ(batch.frames_size(), 1);
  EXPECT_EQ(batch.frames(0).answer().code(), 0xa3u);
  EXPECT_EQ(batch.frames(0).answer().content_format(), 60u);
  EXPECT_EQ(server_->counters().answers_over_limit, 1u);
  EXPECT_EQ(server_->exchanges_in_flight(), 0u);
}

TEST_F(IngressServer, ObservableThenItComesAtOnceAndTheAnswerFollows) {
  Start();
  lane_->Ask(1);
  const auto started = handler_.WaitFor(1);
  started.respond.Observable();
  const v1::TranslatorBatch batch = lane_->Read();
  ASSERT_EQ(batch.frames_size(), 1);
  EXPECT_EQ(batch.frames(0).exchange(), 1u);
  EXPECT_TRUE(batch.frames(0).has_observable());
  started.respond(Text("sync"));
  EXPECT_EQ(lane_->ReadAnswer(1).second, "sync");
  started.respond.Observable();
  lane_->HalfClose();
  EXPECT_EQ(lane_->Read().frames_size(), 0) << "nothing comes after the answer";
}

TEST_F(IngressServer, CancelAfterObservableThenTheHandlerLearns) {
  Start();
  lane_->Ask(1);
  const auto started = handler_.WaitFor(1);
  started.respond.Observable();
  EXPECT_TRUE(lane_->Read().frames(0).has_observable());
  lane_->AddCancel(1);
  lane_->Write();
  EXPECT_TRUE(handler_.WaitForCancel(1));
  started.respond.Observable();
  started.respond(Text("unwanted"));
  EXPECT_EQ(server_->exchanges_in_flight(), 0u);
  lane_->HalfClose();
  EXPECT_EQ(lane_->Read().frames_size(), 0);
  EXPECT_TRUE(lane_->Finish().ok());
}

TEST_F(IngressServer, CancelInTheBatchOfItsRequestThenTheHandlerLearnsInSpiteOfObservable) {
  handler_.ObserveAll();
  Start();
  lane_->AddRequest(1);
  lane_->AddCancel(1);  // Observable is queued now, and not written.
  lane_->AddRequest(2);
  lane_->Write();
  EXPECT_TRUE(handler_.WaitForCancel(1));
  const v1::TranslatorBatch batch = lane_->Read();
  ASSERT_EQ(batch.frames_size(), 1);
  EXPECT_EQ(batch.frames(0).exchange(), 2u);
}

TEST_F(IngressServer, PollOverTheLimitThenTheErrorIsAFailedPoll) {
  Config config;
  config.answers_bytes_max = 1000;
  Start(config);
  lane_->Ask(1);
  const auto started = handler_.WaitFor(1);
  started.respond.Observable();
  ExchangeAnswer answer = Text(std::string(1001, 'x'));
  answer.head.mutable_poll()->set_outcome(v1::Poll::CHANGED);
  answer.head.mutable_poll()->set_cursor("next");
  started.respond(std::move(answer));
  v1::TranslatorBatch batch = lane_->Read();
  if (batch.frames_size() == 1) batch.MergeFrom(lane_->Read());
  ASSERT_EQ(batch.frames_size(), 2);
  EXPECT_TRUE(batch.frames(0).has_observable());
  EXPECT_EQ(batch.frames(1).answer().code(), 0xa3u);
  EXPECT_EQ(batch.frames(1).answer().poll().outcome(), v1::Poll::FAILED);
  EXPECT_EQ(batch.frames(1).answer().poll().cursor(), "") << "the client never had it";
}

TEST_F(IngressServer, EdgeHalfClosesThenWhatIsUnderWayIsAnsweredAndTheLaneEndsWell) {
  Start();
  lane_->AddRequest(1);
  lane_->Write();
  const auto started = handler_.WaitFor(1);
  lane_->HalfClose();
  started.respond(Text(std::string(1'000'000, 'x')));
  EXPECT_EQ(lane_->ReadAnswer(1).second.size(), 1'000'000u);
  EXPECT_EQ(lane_->Read().frames_size(), 0);
  EXPECT_TRUE(lane_->Finish().ok());
  EXPECT_EQ(server_->counters().lanes_broken, 0u);
  EXPECT_EQ(handler_.cancels(), 0u);
}

TEST_F(IngressServer, LaneBreaksThenEverythingOfItIsCancelled) {
  Start();
  lane_->AddRequest(1);
  lane_->AddRequest(2);
  lane_->Write();
  const auto started = handler_.WaitFor(2);
  lane_->Cancel();
  EXPECT_TRUE(handler_.WaitForCancel(1));
  EXPECT_TRUE(handler_.WaitForCancel(2));
  started.respond(Text("nobody is there"));
  EXPECT_EQ(server_->exchanges_in_flight(), 0u);
}

TEST_F(IngressServer, SleptThenItsLanesEndAndWhatTheyBroughtMeanwhileIsNotBegun) {
  Start();
  HandWrittenLane quiet(channel_);
  quiet.Ask(1);
  lane_->Ask(2);
  handler_.WaitFor(1);
  handler_.WaitFor(2);
  server_->Tick(std::chrono::steady_clock::now() - kSleepMin);  // the last one before its sleep
  lane_->Ask(3);
  EXPECT_EQ(lane_->Read().frames_size(), 0) << "the stream has ended";
  server_->Tick(std::chrono::steady_clock::now());
  EXPECT_TRUE(handler_.WaitForCancel(1) && handler_.WaitForCancel(2));
  EXPECT_EQ(quiet.Read().frames_size(), 0);
  EXPECT_EQ(server_->counters().lanes_slept, 2u);
  HandWrittenLane next(channel_);
  next.Ask(4);
  handler_.WaitFor(4);
  EXPECT_EQ(handler_.count(), 3u);
}

TEST_F(IngressServer, SleptThenAnAnswerIsGivenAndAFailureEndsTheLane) {
  Start();
  for (const uint64_t exchange : {1, 2, 3}) lane_->Ask(exchange);
  const auto answered = handler_.WaitFor(1);
  const auto failed = handler_.WaitFor(2);
  handler_.WaitFor(3);
  server_->Tick(std::chrono::steady_clock::now() - kSleepMin);  // nobody has ticked since
  answered.respond(Text("answer"));
  ASSERT_EQ(lane_->Read().frames_size(), 1);
  ExchangeAnswer failure = Text("no connection");
  failure.head.set_code(kBadGateway);
  failed.respond(failure);
  EXPECT_EQ(lane_->Read().frames_size(), 0) << "the stream has ended";
  EXPECT_TRUE(handler_.WaitForCancel(3));
}

TEST_F(IngressServer, AwakeThenAFailureIsAnAnswer) {
  Start();
  lane_->Ask(1);
  ExchangeAnswer failure = Text("no connection");
  failure.head.set_code(kBadGateway);
  handler_.WaitFor(1).respond(failure);
  EXPECT_EQ(lane_->Read().frames_size(), 1);
}

TEST_F(IngressServer, DrainThenToldAtOnceAndWhatCrossesItIsStillServed) {
  Start();
  lane_->AddRequest(1);
  lane_->Write();
  const auto first = handler_.WaitFor(1);
  std::thread drainer([&] { server_->Drain(kLimit); });
  EXPECT_TRUE(lane_->Read().draining());
  lane_->AddRequest(2);  // It was sent before the edge knew.
  lane_->Write();
  handler_.WaitFor(2).respond(Text("crossed"));
  EXPECT_EQ(lane_->ReadAnswer(2).second, "crossed");
  first.respond(Text("under way"));
  EXPECT_EQ(lane_->ReadAnswer(1).second, "under way");
  lane_->HalfClose();
  EXPECT_TRUE(lane_->Finish().ok());
  drainer.join();
  EXPECT_EQ(server_->lanes(), 0u);
}

TEST_F(IngressServer, DestroyedWithLanesOpenThenTheyBreak) {
  Start();
  lane_->AddRequest(1);
  lane_->Write();
  const auto started = handler_.WaitFor(1);
  server_.reset();
  EXPECT_TRUE(handler_.WaitForCancel(1));
  EXPECT_FALSE(lane_->Finish().ok());
  started.respond(Text("nobody is there"));
}

/// grpc.health.v1 without its schema: field 1 is the service asked for, and the status answered.
std::string Health(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  const std::string text =
      service.empty() ? "" : "\x0a" + std::string(1, static_cast<char>(service.size())) + service;
  const grpc::Slice slice(text);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &response,
                 [&](grpc::Status status) { done.set_value(std::move(status)); });
  if (!done.get_future().get().ok()) return "none";
  std::vector<grpc::Slice> slices;
  if (!response.Dump(&slices).ok() || slices.empty()) return "";
  return {reinterpret_cast<const char*>(slices[0].begin()), slices[0].size()};
}

TEST_F(IngressServer, HealthThenServingUntilDrained) {
  Start();
  EXPECT_EQ(Health(channel_, ""), "\x08\x01");
  EXPECT_EQ(Health(channel_, contract::kServiceName), "\x08\x01");
  EXPECT_EQ(Health(channel_, "other"), "none");
}

TEST(IngressListen, AddressesThatCannotWorkThenConfigErrorNamesTheFlag) {
  Recorder handler;
  const auto error = [&](const std::string& listen) -> std::string {
    try {
      Server server(PlainServer(listen), handler);
      return "listening";
    } catch (const ConfigError& problem) {
      return problem.what();
    }
  };
  EXPECT_THAT(error("nonsense"), StartsWith("--listen: "));
  EXPECT_THAT(error("192.0.2.1:0"), StartsWith("--listen: cannot listen on '192.0.2.1:0'"));
  EXPECT_THAT(error("unix:/nowhere/at/all"), StartsWith("--listen: cannot listen"));
  Server first(PlainServer("127.0.0.1:0"), handler);
  EXPECT_GT(first.port(), 0);
  EXPECT_THAT(error("127.0.0.1:" + std::to_string(first.port())), HasSubstr("in use"));
}

}  // namespace
}  // namespace lowband::translator::ingress
