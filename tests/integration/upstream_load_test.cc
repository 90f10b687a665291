// The upstream client with many exchanges: limits, cancelling, draining, memory.
#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "tests/support/upstream_fixture.h"

namespace lowband::translator {
namespace {

using namespace testing;  // the fixture is the language of these tests
using std::chrono::milliseconds;

TEST(Upstream, CancelThenNoCompletionAndTheConnectionIsClosed) {
  std::promise<void> asked;
  std::promise<void> closed;
  HttpServer server([&](HttpConnection& connection) {
    connection.Read();
    asked.set_value();
    connection.WaitForClose();
    closed.set_value();
  });
  std::atomic<bool> completed{false};
  upstream::UpstreamClient client(ConfigFor(server.url()));
  const auto handle = client.Submit(Get(), [&completed](Outcome) { completed = true; });
  asked.get_future().wait();
  client.Cancel(handle);
  EXPECT_EQ(client.in_flight(), 0u);
  closed.get_future().wait();
  client.Cancel(handle);  // known no more: ignored
  client.Drain(Duration::zero());
  EXPECT_FALSE(completed);
  EXPECT_EQ(FaultCount(client, mapping::UpstreamFault::kCancelled), 1u);
}

TEST(Upstream, MoreThanActiveAndPendingThenTheRestIsRefused) {
  Gate gate;
  std::promise<void> asked;
  HttpServer server([&](HttpConnection& connection) {
    connection.Read();
    asked.set_value();
    gate.Wait();
    connection.Send(Reply(200, "{}"));
    while (connection.Read()) connection.Send(Reply(200, "{}"));
  });
  upstream::UpstreamConfig config = ConfigFor(server.url());
  config.active_max = 1;
  config.pending_max = 1;
  upstream::UpstreamClient client(config);
  auto active = Begin(client, Get());
  asked.get_future().wait();
  auto pending = Begin(client, Get());
  EXPECT_EQ(FaultOf(Exchange(client, Get())), "overload");
  // Gauges are brought up to date at the end of a turn, and the completion has to return.
  while (client.in_flight() != 2) std::this_thread::yield();
  while (client.counters().pending.load() != 1) std::this_thread::yield();
  EXPECT_EQ(client.counters().active.load(), 1u);
  gate.Open();
  EXPECT_TRUE(active.get());
  EXPECT_TRUE(pending.get());
}

TEST(Upstream, PendingThenItsTimeoutAndCancelWork) {
  Gate gate;
  std::promise<void> asked;
  HttpServer server([&](HttpConnection& connection) {
    connection.Read();
    asked.set_value();
    gate.Wait();
    connection.Send(Reply(200, "{}"));
  });
  upstream::UpstreamConfig config = ConfigFor(server.url());
  config.active_max = 1;
  upstream::UpstreamClient client(config);
  auto active = Begin(client, Get());
  asked.get_future().wait();
  std::atomic<bool> completed{false};
  client.Cancel(client.Submit(Get(), [&completed](Outcome) { completed = true; }));
  mapping::HttpRequest request = Get();
  request.timeout = milliseconds(50);
  EXPECT_EQ(FaultOf(Exchange(client, request)), "timeout");
  gate.Open();
  EXPECT_TRUE(active.get());
  EXPECT_FALSE(completed);
  EXPECT_EQ(server.connections(), 1);
}

TEST(Upstream, DrainThenItWaitsForTheAnswer) {
  Gate gate;
  std::promise<void> asked;
  HttpServer server([&](HttpConnection& connection) {
    connection.Read();
    asked.set_value();
    gate.Wait();
    connection.Send(Reply(200, "{}"));
  });
  upstream::UpstreamClient client(ConfigFor(server.url()));
  auto answer = Begin(client, Get());
  asked.get_future().wait();
  auto drained = std::async(std::launch::async, [&client] { client.Drain(kLong); });
  gate.Open();
  drained.get();
  EXPECT_TRUE(answer.get());
  EXPECT_EQ(FaultOf(Exchange(client, Get())), "stopping");
}

TEST(Upstream, DrainLimitPassesThenTheRestIsStopped) {
  HttpServer server([](HttpConnection& connection) { connection.WaitForClose(); });
  upstream::UpstreamConfig config = ConfigFor(server.url());
  config.active_max = 1;
  upstream::UpstreamClient client(config);
  auto active = Begin(client, Get());
  auto pending = Begin(client, Get());
  client.Drain(milliseconds(20));
  EXPECT_EQ(FaultOf(active.get()), "stopping");
  EXPECT_EQ(FaultOf(pending.get()), "stopping");
  EXPECT_EQ(client.in_flight(), 0u);
}

TEST(Upstream, DestroyedThenEveryCompletionWasCalled) {
  HttpServer server([](HttpConnection& connection) { connection.WaitForClose(); });
  std::vector<std::future<Outcome>> futures;
  {
    upstream::UpstreamConfig config = ConfigFor(server.url());
    config.threads = 2;
    upstream::UpstreamClient client(config);
    for (int i = 0; i < 20; ++i) futures.push_back(Begin(client, Get()));
  }
  for (auto& future : futures) EXPECT_EQ(FaultOf(future.get()), "stopping");
}

TEST(Upstream, SubmittedFromCompletionsAndManyThreadsThenAllComplete) {
  HttpServer server(Always(Reply(200, "{}")));
  upstream::UpstreamConfig config = ConfigFor(server.url());
  config.threads = 2;
  upstream::UpstreamClient client(config);
  std::atomic<int> answers{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&client, &answers] {
      for (int i = 0; i < 50; ++i) {
        client.Submit(Get(), [&](Outcome first) {
          answers += first ? 1 : 0;
          client.Submit(With(mapping::HttpMethod::kPost, "{}"),
                        [&](Outcome second) { answers += second ? 1 : 0; });
        });
        client.Cancel(client.Submit(Get(), [](Outcome) {}));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  while (client.in_flight() > 0) std::this_thread::yield();
  EXPECT_EQ(answers, 400);
}

/// Holds polls for as long as the gate is shut, and answers everything else at once.
HttpServer::Script HoldingPolls(Gate& gate, std::atomic<int>& held) {
  return [&gate, &held](HttpConnection& connection) {
    while (const auto request = connection.Read()) {
      if (request->target.find("/sync") != std::string::npos) {
        ++held;
        gate.Wait();
      }
      connection.Send(Reply(200, "{}"));
    }
  };
}

mapping::HttpRequest PollOf(Owner owner) {
  mapping::HttpRequest request = Get("/_matrix/client/r0/sync?since=s1&timeout=30000");
  request.owner = owner;
  request.long_poll = true;
  return request;
}

TEST(Upstream, OneOwnersPollsTakeAllTheyMayThenOthersAndShortRequestsAreServed) {
  Gate gate;
  std::atomic<int> held{0};
  HttpServer server(HoldingPolls(gate, held));
  upstream::UpstreamConfig config = ConfigFor(server.url());
  config.active_max = 8;
  upstream::UpstreamClient client(config);
  std::vector<std::future<Outcome>> greedy;
  for (int i = 0; i < 7; ++i) greedy.push_back(Begin(client, PollOf(1)));
  while (held < 7) std::this_thread::yield();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Exchange(client, Get())) << "the reserve";

  auto other = Begin(client, PollOf(2));
  EXPECT_EQ(FaultOf(greedy[0].get()), "too_many_polls") << "the oldest of whoever has most";
  while (held < 8) std::this_thread::yield();
  EXPECT_EQ(FaultOf(Exchange(client, PollOf(1))), "too_many_polls") << "nobody makes room for it";
  while (client.counters().polls_active.load() != 7) std::this_thread::yield();
  EXPECT_EQ(client.counters().polls_made_room.load(), 1u);

  gate.Open();
  EXPECT_TRUE(other.get());
  for (size_t i = 1; i < greedy.size(); ++i) EXPECT_TRUE(greedy[i].get());
  EXPECT_EQ(client.counters().polls_refused.load(), 1u);
}

TEST(Upstream, SeveralThreadsThenOneOwnersPollsAreCountedTogether) {
  Gate gate;
  std::atomic<int> held{0};
  HttpServer server(HoldingPolls(gate, held));
  upstream::UpstreamConfig config = ConfigFor(server.url());
  config.threads = 4;
  config.polls_per_owner_max = 3;
  upstream::UpstreamClient client(config);
  std::vector<std::future<Outcome>> polls;
  for (int i = 0; i < 10; ++i) polls.push_back(Begin(client, PollOf(1)));
  for (int i = 3; i < 10; ++i) EXPECT_EQ(FaultOf(polls[i].get()), "too_many_polls");
  gate.Open();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(polls[i].get());
}

TEST(Upstream, LineIsFullThenWhoeverHasMostWaitingMakesRoom) {
  Gate gate;
  std::atomic<int> held{0};
  HttpServer server(HoldingPolls(gate, held));
  upstream::UpstreamConfig config = ConfigFor(server.url());
  config.active_max = 1;
  config.pending_max = 4;
  upstream::UpstreamClient client(config);
  auto active = Begin(client, PollOf(1));
  while (held < 1) std::this_thread::yield();
  std::vector<std::future<Outcome>> greedy;
  for (int i = 0; i < 4; ++i) greedy.push_back(Begin(client, Get()));
  mapping::HttpRequest request = Get();
  request.owner = 2;
  auto other = Begin(client, request);
  EXPECT_EQ(FaultOf(greedy[3].get()), "overload");
  EXPECT_EQ(client.counters().shorts_refused.load(), 1u);
  gate.Open();
  EXPECT_TRUE(active.get());
  EXPECT_TRUE(other.get());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(greedy[i].get());
}

/// Takes any number of connections and requests, and answers all of them when it is released.
class HoldingServer {
 public:
  HoldingServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 4096), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~HoldingServer() {
    Release();
    thread_.join();
    close(listener_);
  }
  uint16_t port() const { return port_; }
  size_t held() const { return held_; }
  void Release() {
    if (!released_.exchange(true)) shutdown(listener_, SHUT_RDWR);
  }

 private:
  void Run() {
    std::vector<int> connections;
    while (!released_) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      connections.push_back(fd);
      std::array<char, 4096> request{};
      (void)!recv(fd, request.data(), request.size(), 0);  // small enough to come in one piece
      ++held_;
    }
    const std::string reply = Reply(200, R"({"next_batch":"s2"})");
    for (const int fd : connections) (void)!send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
    for (const int fd : connections) close(fd);
  }

  const int listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  uint16_t port_ = 0;
  std::atomic<bool> released_{false};
  std::atomic<size_t> held_{0};
  std::thread thread_;
};

TEST(Upstream, FifteenHundredLongPollsThenEachIsSmallAndAnswered) {
  constexpr size_t kPolls = 1500;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  ASSERT_GT(files.rlim_cur, 2 * kPolls + 100) << "too few file descriptors are allowed";

  HoldingServer server;
  upstream::UpstreamConfig config = ConfigFor("http://127.0.0.1:" + std::to_string(server.port()));
  upstream::UpstreamClient client(config);
  const size_t heap_before = mallinfo2().uordblks + mallinfo2().hblkhd;
  std::atomic<size_t> answered{0};
  for (size_t i = 0; i < kPolls; ++i) {
    mapping::HttpRequest poll = Get("/_matrix/client/r0/sync?timeout=30000&since=s1");
    poll.authorization = "Bearer " + std::string(200, 't');
    poll.owner = i;
    poll.long_poll = true;
    client.Submit(poll, [&answered](Outcome outcome) { answered += outcome ? 1 : 0; });
  }
  while (server.held() < kPolls) std::this_thread::yield();
  const size_t heap_after = mallinfo2().uordblks + mallinfo2().hblkhd;
  const double each = static_cast<double>(heap_after - heap_before) / kPolls;
  RecordProperty("heap_bytes_per_poll", static_cast<int>(each));
  EXPECT_LT(each, 20'000);  // a sanitizer's allocator is not counted: zero
  server.Release();
  client.Drain(kLong);
  EXPECT_EQ(answered, kPolls);
}

}  // namespace
}  // namespace lowband::translator
