// Lanes over real sockets: the edge's lane set and transport against the translator's ingress.
#include <gmock/gmock.h>

#include <sstream>

#include "libs/base/log.h"
#include "libs/grpc/security.h"
#include "services/edge/uplink/limits.h"
#include "tests/integration/lanes_rig.h"
#include "tests/support/test_certificates.h"

namespace lowband {
namespace {

using translator::ingress::Server;

enum class Transport { kUnix, kTcp };

/// A translator on either kind of socket.
class Replica {
 public:
  explicit Replica(Transport transport = Transport::kUnix, unsigned threads = 2)
      : handler(threads),
        listen_(transport == Transport::kUnix ? "unix:" + directory_.Path("t") : "127.0.0.1:0") {
    Restart();
  }
  void Restart() {
    server = std::make_unique<Server>(PlainServer(listen_), handler);
    if (server->port() != 0) listen_ = "127.0.0.1:" + std::to_string(server->port());
  }
  void Kill() { server.reset(); }
  const std::string& target() const { return listen_; }

 private:
  TemporaryFolder directory_;

 public:
  EchoHandler handler;
  std::unique_ptr<Server> server;

 private:
  std::string listen_;
};

class LanesOver : public ::testing::TestWithParam<Transport> {};
INSTANTIATE_TEST_SUITE_P(Sockets, LanesOver, ::testing::Values(Transport::kUnix, Transport::kTcp));

TEST_P(LanesOver, ThousandsOfExchangesThenEachGetsItsOwnAnswer) {
  Replica replica(GetParam(), 0);
  EdgeLoop edge(replica.target());
  ASSERT_TRUE(edge.RunUntilReady());
  constexpr uint64_t kExchanges = 20000;
  for (uint64_t i = 1; i <= kExchanges; ++i) {
    edge.Submit({.method = v1::POST, .body = "body " + std::to_string(i)});
    if (i % 50 == 0) edge.Turn(0ms);
  }
  ASSERT_TRUE(edge.RunUntilAnswered());
  ASSERT_EQ(edge.answers().size(), kExchanges);
  for (const auto& [id, answer] : edge.answers()) {
    ASSERT_EQ(AsText(answer.body), "body " + std::to_string(id));
    ASSERT_EQ(answer.code, coap::kContent);
  }
  EXPECT_EQ(replica.handler.started(), kExchanges);
  EXPECT_LT(edge.set().counters().batches_written, kExchanges / 5) << "nothing was batched";
}

TEST_P(LanesOver, LargeBodiesBothWaysAndSmallOnesAmongThemThenAllArriveWhole) {
  Replica replica(GetParam());
  EdgeLoop edge(replica.target());
  ASSERT_TRUE(edge.RunUntilReady());
  std::map<uint64_t, size_t> expected;
  for (size_t i = 0; i < 40; ++i) {
    const std::string body(200000 + i, static_cast<char>('b' + i % 20));
    const size_t size = i * 200000;
    expected[edge.Submit({.method = v1::PUT, .body = body, .answer_bytes = size})] =
        std::max(size, body.size());
    for (int small = 0; small < 20; ++small) expected[edge.Submit({.body = "s"})] = 1;
    edge.Turn(0ms);
  }
  const uint64_t largest = edge.Submit({.answer_bytes = edge::uplink::kAnswerBytesDefault});
  expected[largest] = edge::uplink::kAnswerBytesDefault;
  ASSERT_TRUE(edge.RunUntilAnswered());
  for (const auto& [id, size] : expected) {
    ASSERT_EQ(edge.CodeOf(id), "2.05");
    ASSERT_EQ(edge.answers().at(id).body.size(), size);
  }
}

TEST_P(LanesOver, TranslatorKilledAmidRequestsThenOneAnswerEachAndNoPostTwice) {
  Replica replica(GetParam());
  EdgeLoop edge(replica.target());
  ASSERT_TRUE(edge.RunUntilReady());
  std::set<std::string> posts;
  uint64_t submitted = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 500; ++i) {
      const bool post = i % 2 == 0;
      const uint64_t id = edge.Submit({.method = post ? v1::POST : v1::GET, .delay_ms = i % 50});
      if (post) posts.insert(std::to_string(id));
      ++submitted;
      if (i % 10 == 0) edge.Turn(1ms);
    }
    replica.Kill();
    for (int i = 0; i < 5; ++i) edge.Turn(10ms);
    replica.Restart();
    ASSERT_TRUE(edge.RunUntil([&] { return edge.set().ready(); }, 2s)) << "not back within 2 s";
    ASSERT_TRUE(edge.RunUntilAnswered());
  }
  EXPECT_EQ(edge.answers().size(), submitted);
  EXPECT_GT(edge.CountCode("5.04"), 0u);
  for (const auto& [token, times] : replica.handler.executions()) {
    ASSERT_LE(times, posts.contains(token) ? 1u : 2u) << "executed too often";
  }
  // Whoever may be repeated was: only POSTs were lost.
  for (const auto& [id, answer] : edge.answers()) {
    ASSERT_TRUE(answer.code == coap::kContent || posts.contains(std::to_string(id))) << id;
  }
}

TEST_P(LanesOver, RecyclingUnderLoadThenNothingFails) {
  Replica replica(GetParam());
  edge::uplink::Config config;
  config.lane_life_min = 20ms;
  config.lane_life_max = 60ms;
  EdgeLoop edge(replica.target(), config);
  ASSERT_TRUE(edge.RunUntilReady());
  uint64_t submitted = 0;
  ASSERT_TRUE(edge.RunUntil([&] {
    for (int i = 0; i < 20; ++i, ++submitted) {
      edge.Submit({.method = v1::POST, .body = "x", .delay_ms = i});
    }
    edge.Turn(1ms);
    return edge.set().counters().lanes_recycled >= 50;
  }));
  ASSERT_TRUE(edge.RunUntilAnswered());
  EXPECT_EQ(edge.CountCode("2.05"), submitted);
  EXPECT_EQ(edge.set().counters().lanes_lost, 0u);
}

TEST(Lanes, OneOfTwoTranslatorsDrainsUnderLoadThenNothingFails) {
  Replica first(Transport::kTcp);
  Replica second(Transport::kTcp);
  EdgeLoop edge("ipv4:" + first.target() + "," + second.target());
  ASSERT_TRUE(edge.RunUntil([&] {
    return edge.set().lanes_open() >= 2 && first.server->lanes() > 0 && second.server->lanes() > 0;
  })) << edge.set().lanes_open()
      << " lanes open, " << first.server->lanes() << " and " << second.server->lanes()
      << " at the replicas, " << edge.set().counters().lanes_opened << " opened, "
      << edge.set().counters().lanes_lost << " lost";
  uint64_t submitted = 0;
  const auto load = [&] {
    for (int i = 0; i < 20; ++i, ++submitted) {
      edge.Submit({.method = v1::POST, .body = "x", .delay_ms = i});
    }
    edge.Turn(1ms);
  };
  for (int i = 0; i < 50; ++i) load();
  EXPECT_GT(first.handler.started(), 0u);

  std::atomic<bool> drained = false;
  std::thread drainer([&] {
    first.server->Drain(10s);
    drained = true;
  });
  ASSERT_TRUE(edge.RunUntil([&] {
    load();
    return drained.load();
  }));
  drainer.join();
  const size_t before = first.handler.started();
  for (int i = 0; i < 50; ++i) load();
  ASSERT_TRUE(edge.RunUntilAnswered());
  EXPECT_EQ(edge.CountCode("2.05"), submitted);
  EXPECT_GE(edge.set().counters().lanes_drained, 1u);
  EXPECT_EQ(first.handler.started(), before);
  EXPECT_EQ(first.server->lanes(), 0u);
}

TEST(Lanes, TheOnlyTranslatorDrainsThenWhatItHasIsAnsweredAndNewRequestsFailSoon) {
  Replica replica;
  EdgeLoop edge(replica.target());
  ASSERT_TRUE(edge.RunUntilReady());
  const uint64_t slow = edge.Submit({.method = v1::POST, .delay_ms = 500});
  ASSERT_TRUE(edge.RunUntil([&] { return replica.handler.started() == 1; }));
  std::thread drainer([&] { replica.server->Drain(10s); });
  ASSERT_TRUE(edge.RunUntil([&] { return !edge.set().ready(); }));
  const uint64_t late = edge.Submit({.method = v1::POST});
  ASSERT_TRUE(edge.RunUntilAnswered());
  drainer.join();
  EXPECT_EQ(edge.CodeOf(slow), "2.05");
  EXPECT_EQ(edge.answers().at(late).http_status, 503u);
  EXPECT_EQ(replica.handler.started(), 1u);
}

TEST(Lanes, DrainTakesTooLongThenTheRestIsCutOff) {
  Replica replica;
  EdgeLoop edge(replica.target());
  ASSERT_TRUE(edge.RunUntilReady());
  const uint64_t slow = edge.Submit({.method = v1::POST, .delay_ms = 60000});
  ASSERT_TRUE(edge.RunUntil([&] { return replica.handler.started() == 1; }));
  std::thread drainer([&] { replica.server->Drain(100ms); });
  ASSERT_TRUE(edge.RunUntil([&] { return edge.CodeOf(slow) != "none"; }));
  drainer.join();
  EXPECT_EQ(edge.CodeOf(slow), "5.04");
  EXPECT_EQ(replica.handler.waiting(), 0u) << "the upstream request was not cancelled";
}

TEST(Lanes, ClientGoesAwayThenTheUpstreamRequestIsCancelled) {
  Replica replica;
  EdgeLoop edge(replica.target());
  ASSERT_TRUE(edge.RunUntilReady());
  const uint64_t id = edge.Submit({.delay_ms = 60000});
  ASSERT_TRUE(edge.RunUntil([&] { return replica.handler.waiting() == 1; }));
  edge.Cancel(id);
  ASSERT_TRUE(edge.RunUntil([&] { return replica.handler.waiting() == 0; }));
  EXPECT_EQ(edge.CodeOf(id), "none");
}

TEST(Lanes, EdgeDiesThenItsUpstreamRequestsAreCancelled) {
  Replica replica;
  auto edge = std::make_unique<EdgeLoop>(replica.target());
  ASSERT_TRUE(edge->RunUntilReady());
  for (int i = 0; i < 100; ++i) edge->Submit({.delay_ms = 60000});
  ASSERT_TRUE(edge->RunUntil([&] { return replica.handler.waiting() == 100; }));
  edge.reset();
  EdgeLoop other(replica.target());
  EXPECT_TRUE(other.RunUntil([&] { return replica.handler.waiting() == 0; }));
  EXPECT_TRUE(other.RunUntil([&] { return replica.server->exchanges_in_flight() == 0; }));
}

TEST(Lanes, EdgeStopsThenItsLanesEndByThemselves) {
  Replica replica;
  EdgeLoop edge(replica.target());
  ASSERT_TRUE(edge.RunUntil([&] { return edge.set().lanes_open() >= 2; }));
  const uint64_t id = edge.Submit({.delay_ms = 100});
  ASSERT_TRUE(edge.RunUntil([&] { return replica.handler.started() == 1; }));
  edge.set().Stop(std::chrono::steady_clock::now());
  EXPECT_TRUE(edge.RunUntil([&] { return edge.set().stopped(); }));
  EXPECT_EQ(edge.CodeOf(id), "2.05");
  EXPECT_TRUE(edge.RunUntil([&] { return replica.server->lanes() == 0; }));
  EXPECT_EQ(replica.server->counters().lanes_broken, 0u);
}

TEST(Lanes, NobodyThereThenRequestsFailSoonAndLanesOpenOnceSomebodyIs) {
  Replica replica;
  replica.Kill();
  EdgeLoop edge(replica.target());
  const uint64_t id = edge.Submit({});
  ASSERT_TRUE(edge.RunUntil([&] { return edge.CodeOf(id) != "none"; }, 5s));
  EXPECT_EQ(edge.answers().at(id).http_status, 503u);
  replica.Restart();
  EXPECT_TRUE(edge.RunUntil([&] { return edge.set().ready(); }, 2s));
}

/// What is logged while `act` runs.
std::vector<std::string> LinesOf(const std::function<void(Logger&)>& act) {
  testing::internal::CaptureStderr();
  {
    Logger log("edge", LogLevel::kInfo, Logger::Format::kJson);
    act(log);
    log.Flush();
  }
  std::istringstream text(testing::internal::GetCapturedStderr());
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

TEST(Lanes, NobodyThereThenTheWorkersTogetherWarnOnceAndNameTheFlag) {
  Replica replica;
  replica.Kill();
  const auto lines = LinesOf([&](Logger& log) {
    auto config = EdgeLoop::ConfigFor(replica.target());
    config.log = &log;
    EdgeLoop one(config);
    EdgeLoop other(config);
    for (EdgeLoop* edge : {&one, &other}) {
      const uint64_t id = edge->Submit({});
      EXPECT_TRUE(edge->RunUntil([&] { return edge->CodeOf(id) != "none"; }, 5s));
    }
  });
  ASSERT_EQ(lines.size(), 1u) << testing::PrintToString(lines);
  EXPECT_THAT(lines[0], testing::HasSubstr("no_translator"));
  EXPECT_THAT(lines[0], testing::HasSubstr("--translator"));
  EXPECT_THAT(lines[0], testing::HasSubstr(replica.target()));
}

TEST(Lanes, EitherSideStopsThenNoLaneIsCalledLost) {
  const auto lines = LinesOf([](Logger& log) {
    Replica replica;
    auto config = EdgeLoop::ConfigFor(replica.target());
    config.log = &log;
    {
      EdgeLoop stopping(config);  // and is gone with its lanes open
      EXPECT_TRUE(stopping.RunUntilReady());
    }
    EdgeLoop edge(config);
    EXPECT_TRUE(edge.RunUntilReady());
    const uint64_t held = edge.Submit({.method = v1::POST, .delay_ms = 60'000});
    EXPECT_TRUE(edge.RunUntil([&] { return replica.handler.started() == 1; }));
    std::thread drain([&] { replica.server->Drain(100ms); });
    EXPECT_TRUE(edge.RunUntil([&] { return edge.CodeOf(held) != "none"; }));
    drain.join();
    EXPECT_TRUE(edge.RunUntil([&] { return edge.set().lanes_open() == 0; }));
  });
  for (const std::string& line : lines)
    EXPECT_THAT(line, testing::Not(testing::HasSubstr("lane_lost")));
}

TEST(Lanes, HandlerIsSlowerThanTheEdgeThenReadingPausesAndAllIsAnsweredInTheEnd) {
  EchoHandler handler(1);
  TemporaryFolder directory;
  auto config = PlainServer("unix:" + directory.Path("t"));
  config.ingress.exchanges_per_lane_max = 10;
  config.ingress.answers_per_lane_bytes_max = 1024 * 1024;
  Server server(config, handler);
  EdgeLoop edge(config.listen);
  ASSERT_TRUE(edge.RunUntilReady());
  for (int i = 0; i < 300; ++i) {
    edge.Submit({.answer_bytes = 500000});
    if (i % 5 == 0) edge.Turn(0ms);
  }
  ASSERT_TRUE(edge.RunUntilAnswered());
  EXPECT_EQ(edge.CountCode("2.05"), 300u);
  EXPECT_GT(server.counters().reads_paused, 0u);
}

TEST(Lanes, TranslatorOverItsLimitsThenRequestsAreRefused) {
  EchoHandler handler(1);
  TemporaryFolder directory;
  auto config = PlainServer("unix:" + directory.Path("t"));
  config.ingress.exchanges_max = 10;
  Server server(config, handler);
  EdgeLoop edge(config.listen);
  ASSERT_TRUE(edge.RunUntilReady());
  for (int i = 0; i < 30; ++i) edge.Submit({.delay_ms = 200});
  const uint64_t large = edge.Submit({.method = v1::PUT, .body = std::string(400000, 'x')});
  ASSERT_TRUE(edge.RunUntilAnswered());
  EXPECT_EQ(edge.CountCode("5.03"), 20u);
  EXPECT_EQ(edge.CodeOf(large), "4.13");
  EXPECT_EQ(server.exchanges_in_flight(), 0u);
}

class LanesWithTls : public ::testing::Test {
 protected:
  LanesWithTls() {
    files_.Make("ca");
    files_.Make("translator", "ca");
    files_.Make("edge", "ca");
    files_.Make("strangers");
    files_.Make("stranger", "strangers");
  }
  GrpcSecurity Security(const std::string& name, const std::string& ca) const {
    GrpcSecurity security;
    security.cert_file = files_.Path(name + ".pem");
    security.key_file = files_.Path(name + ".key");
    security.ca_file = files_.Path(ca + ".pem");
    return security;
  }
  bool Connects(const GrpcSecurity& security) {
    EchoHandler handler;
    auto config = PlainServer("127.0.0.1:0");
    config.credentials =
        MakeServerCredentials(Security("translator", "ca"), "--listen", config.listen);
    Server server(config, handler);
    const std::string target = "localhost:" + std::to_string(server.port());
    EdgeLoop edge(target, {}, MakeChannelCredentials(security, "--translator", target));
    const uint64_t id = edge.Submit({.body = "hello"});
    edge.RunUntil([&] { return edge.CodeOf(id) != "none"; }, 5s);
    return edge.CodeOf(id) == "2.05";
  }
  TestCertificates files_;
};

TEST_F(LanesWithTls, BothHaveCertificatesOfTheSameCaThenLanesOpen) {
  EXPECT_TRUE(Connects(Security("edge", "ca")));
}

TEST_F(LanesWithTls, EdgeHasAnothersCertificateThenNoLaneOpens) {
  EXPECT_FALSE(Connects(Security("stranger", "ca")));
}

TEST_F(LanesWithTls, TranslatorHasAnothersCertificateThenNoLaneOpens) {
  EXPECT_FALSE(Connects(Security("edge", "strangers")));
}

TEST_F(LanesWithTls, EdgeSpeaksPlaintextThenNoLaneOpens) { EXPECT_FALSE(Connects({})); }

}  // namespace
}  // namespace lowband
