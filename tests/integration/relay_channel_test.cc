// Relay lanes from an edge to a translator, and what is done with a translator that has none.
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "lowband/v1/translator.grpc.pb.h"
#include "services/edge/fallback/limits.h"
#include "tests/integration/relay_channel_rig.h"

namespace lowband::edge::fallback {
namespace {

using namespace testing;  // the rig is the language of these tests

std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + (i >> 8));
  return bytes;
}

TEST(RelayChannel, ManyTransfersWaitThenTheyShareAFewLanes) {
  FakeTranslator translator;
  Channel channel(translator.target());
  std::vector<std::unique_ptr<Caller>> callers;
  const auto wait = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) {
      callers.push_back(std::make_unique<Caller>(*channel, "/wait"));
      ASSERT_TRUE(callers.back()->Until([&] { return callers.back()->opened(); }));
    }
  };
  // The first lanes have some more than the last: they were open when those were not.
  constexpr size_t kFit = kLanesServing * (kCallsPerLane - kLanesServing);
  wait(kFit);
  EXPECT_EQ(channel.counters().opened, kLanesServing);
  EXPECT_EQ(translator.server().relays(), kFit);
  EXPECT_EQ(translator.server().relay_lanes(), kLanesServing);
  // What is full makes place for another.
  wait(kFit);
  EXPECT_GT(channel.counters().opened, kLanesServing);
  EXPECT_LE(channel.counters().opened, 3 * kLanesServing);
  EXPECT_EQ(translator.server().relays(), 2 * kFit);
  for (const auto& caller : callers) caller->Leave();
  EXPECT_TRUE(Eventually([&] { return translator.server().relays() == 0; }));
  EXPECT_EQ(translator.relays().cancelled(), static_cast<int>(2 * kFit));
  // Those that were full go with the last of theirs.
  EXPECT_TRUE(Eventually([&] { return translator.server().relay_lanes() <= kLanesServing; }));
  EXPECT_EQ(channel.counters().lost, 0u);
}

TEST(RelayChannel, BodiesBothWaysThenTheyArriveWholeAtAnyWindow) {
  FakeTranslator translator;
  Channel channel(translator.target());
  for (const size_t window : {size_t{1}, size_t{1000}, contract::kRelayWindowBytes}) {
    const size_t size = window == 1 ? 300 : 1'000'000;
    for (const bool tells_length : {true, false}) {
      const std::string body = Pattern(size);
      Caller caller(*channel, "/echo", window, body, tells_length);
      ASSERT_TRUE(caller.UntilEnded());
      EXPECT_EQ(caller.end(), CallEnd::kServed);
      EXPECT_EQ(caller.status(), 200u);
      EXPECT_EQ(caller.answer(), body);
    }
  }
}

TEST(RelayChannel, ClientDoesNotReadThenNoMoreThanTheWindowComes) {
  FakeTranslator translator;
  Channel channel(translator.target());
  Caller slow(*channel, "/size/10000000", 20'000);
  ASSERT_TRUE(Eventually([&] {
    slow.Look();
    return slow.answer().size() == 20'000;
  }));
  // Others on its lane have all of theirs meanwhile.
  for (size_t i = 0; i < 2 * kLanesServing; ++i) {
    Caller other(*channel, "/size/300000", 20'000);
    ASSERT_TRUE(other.UntilEnded());
    EXPECT_EQ(other.answer().size(), 300'000u);
  }
  slow.Look();
  EXPECT_EQ(slow.answer().size(), 20'000u);
  ASSERT_TRUE(slow.UntilEnded());
  EXPECT_EQ(slow.answer().size(), 10'000'000u);
}

TEST(RelayChannel, TranslatorTakesNoneOfTheBodyThenNoMoreThanItsWindowIsWritten) {
  FakeTranslator translator;
  Channel channel(translator.target());
  Caller caller(*channel, "/wait", 1000, Pattern(10'000'000));
  ASSERT_TRUE(caller.Until([&] { return caller.written() >= contract::kRelayWindowBytes; }));
  for (int i = 0; i < 100; ++i) {
    caller.Step();
    Caller other(*channel, "/echo", 1000, "something");
    ASSERT_TRUE(other.UntilEnded());
  }
  EXPECT_LE(caller.written(), contract::kRelayWindowBytes + contract::kChunkBytesMax);
}

TEST(RelayChannel, TranslatorHasTooManyThenOverload) {
  FakeTranslator translator(0, 1);
  Channel channel(translator.target());
  Caller first(*channel, "/wait");
  ASSERT_TRUE(first.Until([&] { return first.opened(); }));
  Caller second(*channel, "/echo");
  ASSERT_TRUE(second.UntilEnded());
  EXPECT_EQ(second.end(), CallEnd::kOverload);
  first.Leave();
  ASSERT_TRUE(Eventually([&] { return translator.server().relays() == 0; }));
  Caller third(*channel, "/echo");
  ASSERT_TRUE(third.UntilEnded());
  EXPECT_EQ(third.end(), CallEnd::kServed);
}

// By two edges, each of which has room for all that it was sent.
TEST(RelayChannel, OneNetworkHasEveryPlaceThenItsOldestMakesRoomForAnother) {
  constexpr size_t kPlaces = 16;
  FakeTranslator translator(0, kPlaces);
  Channel one(translator.target());
  Channel other(translator.target());
  std::vector<std::unique_ptr<Caller>> crowd;
  for (size_t i = 0; i < kPlaces; ++i) {
    Channel& channel = i % 2 == 0 ? one : other;
    crowd.push_back(std::make_unique<Caller>(*channel, "/wait", 1000, std::nullopt, true,
                                             "2001:db8::" + std::to_string(i)));
    ASSERT_TRUE(crowd.back()->Until([&] { return crowd.back()->opened(); }));
  }
  Caller more(*one, "/wait", 1000, std::nullopt, true, "2001:db8:0:7::1");
  ASSERT_TRUE(more.UntilEnded());
  EXPECT_EQ(more.end(), CallEnd::kOverload);
  for (int i = 0; i < 3; ++i) {
    Caller honest(*other, "/echo", 1000, "hello", true, "192.0.2.1");
    ASSERT_TRUE(honest.UntilEnded());
    EXPECT_EQ(honest.end(), CallEnd::kServed);
    EXPECT_EQ(honest.answer(), "hello");
    ASSERT_TRUE(Eventually([&] { return translator.server().relays() < kPlaces; }));
  }
  ASSERT_TRUE(crowd[0]->UntilEnded());
  EXPECT_EQ(crowd[0]->end(), CallEnd::kOverload);
  EXPECT_EQ(translator.relays().cancelled(), 1);
  crowd[1]->Look();
  EXPECT_FALSE(crowd[1]->end());
}

TEST(RelayChannel, TranslatorDrainsThenNothingNewIsTakenAndWhatGoesOnIsFinished) {
  FakeTranslator translator;
  Channel channel(translator.target());
  // One on each lane, so that all are open.
  std::vector<std::unique_ptr<Caller>> waiting;
  for (size_t i = 0; i < kLanesServing; ++i) {
    waiting.push_back(std::make_unique<Caller>(*channel, "/wait"));
    ASSERT_TRUE(waiting[i]->Until([&] { return waiting[i]->opened(); }));
  }
  Caller large(*channel, "/size/1000000");
  ASSERT_TRUE(large.Until([&] { return large.status() == 200; }));
  std::thread drain([&] { translator.server().Drain(kLong); });
  // It gets neither a transfer nor a lane.
  std::unique_ptr<Caller> late;
  EXPECT_TRUE(Eventually([&] {
    late = std::make_unique<Caller>(*channel, "/wait");
    return channel.counters().opened > kLanesServing;
  }));
  late->Look();
  EXPECT_FALSE(late->opened());
  ASSERT_TRUE(large.UntilEnded());
  EXPECT_EQ(large.end(), CallEnd::kServed);
  EXPECT_EQ(large.answer().size(), 1'000'000u);
  for (const auto& caller : waiting) {
    caller->Look();
    EXPECT_FALSE(caller->end());
    caller->Leave();
  }
  const auto before = std::chrono::steady_clock::now();
  drain.join();
  EXPECT_LT(std::chrono::steady_clock::now() - before, kLong)
      << "no lane is left that it waits for";
  EXPECT_EQ(translator.server().relay_lanes(), 0u);
}

TEST(RelayChannel, TranslatorDiesThenItsTransfersBreakAndOthersGoElsewhere) {
  auto dying = std::make_unique<FakeTranslator>();
  const uint16_t port = dying->server().port();
  Channel channel(dying->target());
  Caller waiting(*channel, "/wait");
  ASSERT_TRUE(waiting.Until([&] { return waiting.opened(); }));
  dying.reset();
  ASSERT_TRUE(waiting.UntilEnded());
  EXPECT_EQ(waiting.end(), CallEnd::kBroken);
  EXPECT_GE(channel.counters().lost, 1u);
  // Of nobody, until there is a translator again.
  Caller early(*channel, "/echo");
  early.Look();
  EXPECT_FALSE(early.opened());
  early.call().Distrust();
  early.Leave();
  EXPECT_EQ(channel.counters().distrusted, 1u);
  FakeTranslator born(port);
  Caller later(*channel, "/echo");
  ASSERT_TRUE(later.UntilEnded());
  EXPECT_EQ(later.end(), CallEnd::kServed);
}

// In any state of a lane; the channel ends with it, on whatever thread that would be.
TEST(RelayChannel, TranslatorDiesAgainAndAgainThenNoTransferIsLeftWaiting) {
  for (int round = 0; round < 40; ++round) {
    auto dying = std::make_unique<FakeTranslator>();
    Channel channel(dying->target());
    std::vector<std::unique_ptr<Caller>> callers;
    for (int i = 0; i < 40; ++i) {
      const char* target = i % 2 == 0 ? "/size/1000000" : "/wait";
      callers.push_back(std::make_unique<Caller>(*channel, target));
    }
    for (const auto& caller : callers) {
      if (round % 2 == 0) caller->Step();
      const bool opened = round % 2 == 0 || caller->Until([&] { return caller->opened(); });
      ASSERT_TRUE(opened);
    }
    if (round % 3 == 0) callers.resize(10);
    dying.reset();
    for (const auto& caller : callers) {
      caller->Look();
      EXPECT_TRUE(!caller->opened() || caller->UntilEnded());
    }
  }
}

/// A translator of an earlier version: it knows calls of one transfer only.
class OldTranslator final : public v1::Translator::Service {
 public:
  OldTranslator() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    grpc::EnableDefaultHealthCheckService(true);
    server_ = builder.BuildAndStart();
    server_->GetHealthCheckService()->SetServingStatus(contract::kServiceName, true);
  }
  std::string target() const { return "ipv4:127.0.0.1:" + std::to_string(port_); }

 private:
  grpc::Status Relay(grpc::ServerContext*,
                     grpc::ServerReaderWriter<v1::RelayChunk, v1::RelayChunk>* stream) override {
    stream->SendInitialMetadata();
    std::string body;
    v1::RelayChunk chunk;
    while (stream->Read(&chunk)) body += chunk.data();
    v1::RelayChunk head;
    head.mutable_response()->set_status(200);
    stream->Write(head);
    v1::RelayChunk data;
    data.set_data(body);
    stream->Write(data);
    return grpc::Status::OK;
  }

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST(RelayChannel, TranslatorKnowsNoLanesThenEachTransferIsACallOfItsOwn) {
  OldTranslator translator;
  Channel channel(translator.target());
  Caller first(*channel, "/echo", 1000, "something");
  ASSERT_TRUE(first.UntilEnded());
  EXPECT_EQ(first.end(), CallEnd::kNotTaken) << "nothing was looked at: it may be repeated";
  EXPECT_EQ(first.written(), 0u);
  for (int i = 0; i < 3; ++i) {
    Caller again(*channel, "/echo", 1000, "something");
    ASSERT_TRUE(again.UntilEnded());
    EXPECT_EQ(again.end(), CallEnd::kServed);
    EXPECT_EQ(again.answer(), "something");
  }
  EXPECT_EQ(channel.counters().calls, 3u);
  EXPECT_GE(channel.counters().unknown, 1u);
}

}  // namespace
}  // namespace lowband::edge::fallback
