// The ingress as an edge sees it.
#include "services/translator/ingress/server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include "libs/base/config_error.h"
#include "tests/unit/services/translator/ingress/server_rig.h"

namespace lowband::translator::ingress {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

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
