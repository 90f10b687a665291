// The upstream client against a homeserver on a real socket that misbehaves as each test scripts.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "services/translator/upstream/client.h"
#include "services/translator/upstream/counters.h"
#include "tests/unit/translator_upstream/http_server.h"

namespace lowband::translator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Always;
using testing::Gzip;
using testing::HttpConnection;
using testing::HttpServer;
using testing::RawRequest;
using testing::Reply;
using testing::TestCertificates;
using Outcome = Result<HttpResponse, UpstreamFault>;

constexpr seconds kLong{20};  // never reached unless something is broken

UpstreamConfig ConfigFor(const std::string& url) {
  UpstreamConfig config;
  config.homeserver = url;
  return config;
}

HttpRequest Get(std::string target = "/_matrix/client/versions") {
  HttpRequest request;
  request.target = std::move(target);
  request.timeout = kLong;
  return request;
}

HttpRequest With(HttpMethod method, std::string body) {
  HttpRequest request = Get("/_matrix/client/r0/x");
  request.method = method;
  request.body = std::move(body);
  if (!request.body.empty()) request.content_type = "application/json";
  return request;
}

std::future<Outcome> Begin(UpstreamClient& client, HttpRequest request) {
  auto promise = std::make_shared<std::promise<Outcome>>();
  auto future = promise->get_future();
  client.Submit(std::move(request),
                [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
  return future;
}

Outcome Exchange(UpstreamClient& client, HttpRequest request) {
  return Begin(client, std::move(request)).get();
}

/// The fault of an exchange, as its text; "answer" if there was none.
std::string FaultOf(const Outcome& outcome) {
  return outcome ? "answer" : std::string(Text(outcome.error()));
}

uint64_t FaultCount(const UpstreamClient& client, UpstreamFault fault) {
  return client.counters().faults[static_cast<size_t>(fault)].load();
}

/// Blocks a script until the test says go; every script goes when the gate is destroyed.
class Gate {
 public:
  ~Gate() { Open(); }
  void Open() {
    if (!opened_.exchange(true)) promise_.set_value();
  }
  void Wait() { future_.wait(); }

 private:
  std::promise<void> promise_;
  std::shared_future<void> future_ = promise_.get_future().share();
  std::atomic<bool> opened_{false};
};

/// A port of the loopback that nobody listens on.
uint16_t ClosedPort() { return HttpServer(Always("")).port(); }

TEST(Upstream, GetThenStatusBodyAndTypeComeBack) {
  HttpServer server(Always(Reply(404, R"({"errcode":"M_NOT_FOUND"})")));
  UpstreamClient client(ConfigFor(server.url()));
  const Outcome outcome = Exchange(client, Get());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, 404);
  EXPECT_EQ(outcome->body, R"({"errcode":"M_NOT_FOUND"})");
  EXPECT_EQ(outcome->content_type, "application/json");
  EXPECT_FALSE(outcome->retry_after_s);
  EXPECT_GT(outcome->wire_bytes_received, outcome->body.size());
  EXPECT_EQ(client.counters().answers[4].load(), 1u);
  EXPECT_EQ(client.counters().bytes_received.load(), outcome->wire_bytes_received);
}

TEST(Upstream, RequestThenExactlyItsHeadersAreSent) {
  std::promise<RawRequest> seen;
  HttpServer server([&seen](HttpConnection& connection) {
    if (auto request = connection.Read()) seen.set_value(*request);
    connection.Send(Reply(200, "{}"));
  });
  UpstreamClient client(ConfigFor(server.url()));
  HttpRequest request = With(HttpMethod::kPut, R"({"body":"x"})");
  request.target = "/_matrix/client/r0/rooms/!a:b/send/m.room.message/%2F..%2F?q=%26";
  request.authorization = "Bearer secret";
  request.forwarded_for = "2001:db8::1";
  ASSERT_TRUE(Exchange(client, request));
  const RawRequest raw = seen.get_future().get();
  EXPECT_EQ(raw.method, "PUT");
  EXPECT_EQ(raw.target, request.target);
  EXPECT_EQ(raw.body, request.body);
  const std::map<std::string, std::string> expected = {
      {"host", "127.0.0.1:" + std::to_string(server.port())},
      {"user-agent", "Lowband"},
      {"accept", "application/json"},
      {"accept-encoding", "gzip"},
      {"authorization", "Bearer secret"},
      {"x-forwarded-for", "2001:db8::1"},
      {"content-type", "application/json"},
      {"content-length", "12"}};
  EXPECT_EQ(raw.headers, expected);
}

TEST(Upstream, EachMethodThenItsBodyArrives) {
  std::vector<std::string> seen;
  {
    HttpServer server([&seen](HttpConnection& connection) {
      while (auto request = connection.Read()) {
        const auto length = request->headers.find("content-length");
        seen.push_back(request->method + " " + request->body + " " +
                       (length == request->headers.end() ? "-" : length->second));
        connection.Send(Reply(200, "{}"));
      }
    });
    UpstreamClient client(ConfigFor(server.url()));
    ASSERT_TRUE(Exchange(client, With(HttpMethod::kPost, "{1}")));
    ASSERT_TRUE(Exchange(client, With(HttpMethod::kGet, "ignored")));
    ASSERT_TRUE(Exchange(client, With(HttpMethod::kPut, "")));
    ASSERT_TRUE(Exchange(client, With(HttpMethod::kDelete, "{2}")));
    ASSERT_TRUE(Exchange(client, With(HttpMethod::kDelete, "")));
    ASSERT_TRUE(Exchange(client, With(HttpMethod::kPut, "{3}")));
    EXPECT_EQ(server.connections(), 1);
  }
  EXPECT_THAT(seen, ::testing::ElementsAre("POST {1} 3", "GET  -", "PUT  0", "DELETE {2} 3",
                                           "DELETE  -", "PUT {3} 3"));
}

TEST(Upstream, PostLargerThanTheSocketBufferThenAllOfItArrives) {
  std::promise<std::string> seen;
  HttpServer server([&seen](HttpConnection& connection) {
    if (auto request = connection.Read()) seen.set_value(request->body);
    connection.Send(Reply(200, "{}"));
  });
  UpstreamClient client(ConfigFor(server.url()));
  std::string body;
  while (body.size() < 5'000'000) body += std::to_string(body.size()) + ",";
  ASSERT_TRUE(Exchange(client, With(HttpMethod::kPost, body)));
  EXPECT_EQ(seen.get_future().get(), body);
}

TEST(Upstream, RequestsInTurnThenOneConnectionServesThem) {
  HttpServer server(Always(Reply(200, "{}")));
  UpstreamClient client(ConfigFor(server.url()));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Exchange(client, Get()));
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(client.counters().connections_opened.load(), 1u);
}

/// Answers the first request of each connection; reads the second and closes without a word.
class DyingConnections {
 public:
  std::atomic<int> executed{0};
  std::atomic<int> died_on{0};  ///< The connection that read the second request.
  HttpServer server{[this](HttpConnection& connection) {
    if (!connection.Read()) return;
    ++executed;
    connection.Send(Reply(200, "{}"));
    if (!connection.Read()) return;
    ++executed;
    died_on = connection.number();
  }};
};

TEST(Upstream, PutOnADyingReusedConnectionThenItIsRepeated) {
  DyingConnections homeserver;
  UpstreamClient client(ConfigFor(homeserver.server.url()));
  ASSERT_TRUE(Exchange(client, Get()));
  EXPECT_TRUE(Exchange(client, With(HttpMethod::kPut, "{}")));
  // Shows that libcurl does resend, and so that the next two tests can fail.
  EXPECT_EQ(homeserver.executed, 3);
}

TEST(Upstream, PostOnADyingReusedConnectionThenItIsNotRepeated) {
  for (const size_t size : {2u, 1000u, 20'000u, 100'000u}) {
    DyingConnections homeserver;
    UpstreamClient client(ConfigFor(homeserver.server.url()));
    ASSERT_TRUE(Exchange(client, Get()));
    EXPECT_EQ(FaultOf(Exchange(client, With(HttpMethod::kPost, std::string(size, 'x')))), "broken");
    EXPECT_EQ(homeserver.died_on, 1) << "the connection was not reused";
    EXPECT_EQ(homeserver.executed, 2) << size;
  }
}

TEST(Upstream, PostWithoutBodyThenItTakesAConnectionOfItsOwn) {
  std::atomic<int> executed{0};
  HttpServer server([&executed](HttpConnection& connection) {
    while (auto request = connection.Read()) {
      if (request->method == "POST") {
        ++executed;
        return;
      }
      connection.Send(Reply(200, "{}"));
    }
  });
  UpstreamClient client(ConfigFor(server.url()));
  ASSERT_TRUE(Exchange(client, Get()));
  EXPECT_EQ(FaultOf(Exchange(client, With(HttpMethod::kPost, ""))), "broken");
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(executed, 1);
}

TEST(Upstream, NobodyListensThenConnectFault) {
  UpstreamClient client(ConfigFor("http://127.0.0.1:" + std::to_string(ClosedPort())));
  EXPECT_EQ(FaultOf(Exchange(client, Get())), "connect");
  EXPECT_NE(client.last_fault(), "");
}

TEST(Upstream, NameDoesNotResolveThenConnectFault) {
  UpstreamClient client(ConfigFor("http://nobody.invalid:8008"));
  EXPECT_EQ(FaultOf(Exchange(client, Get())), "connect");
}

TEST(Upstream, ConnectNeverAnsweredThenConnectFaultWithinItsTimeout) {
  // A listener whose queue is full drops further SYNs.
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 0), 0);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::vector<int> fillers;
  for (int i = 0; i < 3; ++i) {
    fillers.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    (void)connect(fillers.back(), reinterpret_cast<sockaddr*>(&address), size);
  }
  UpstreamConfig config = ConfigFor("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  config.connect_timeout = milliseconds(200);
  UpstreamClient client(config);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(FaultOf(Exchange(client, Get())), "connect");
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
  for (const int fd : fillers) close(fd);
  close(listener);
}

TEST(Upstream, SilenceThenTimeout) {
  HttpServer server([](HttpConnection& connection) { connection.WaitForClose(); });
  UpstreamClient client(ConfigFor(server.url()));
  HttpRequest request = Get();
  request.timeout = milliseconds(100);
  EXPECT_EQ(FaultOf(Exchange(client, request)), "timeout");
  EXPECT_EQ(FaultCount(client, UpstreamFault::kTimeout), 1u);
}

TEST(Upstream, BodyThatTricklesThenTimeoutCountsFromTheStart) {
  HttpServer server([](HttpConnection& connection) {
    connection.Read();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    while (connection.Send(std::string(100, 'x'))) {
    }
  });
  UpstreamConfig config = ConfigFor(server.url());
  config.response_body_bytes_max = kResponseBodyMax;
  UpstreamClient client(config);
  HttpRequest request = Get();
  request.timeout = milliseconds(150);
  const std::string fault = FaultOf(Exchange(client, request));
  // On a fast machine the limit on the body may come first.
  EXPECT_TRUE(fault == "timeout" || fault == "too_large") << fault;
}

TEST(Upstream, NoTimeLeftThenTimeoutWithoutARequest) {
  HttpServer server(Always(Reply(200, "{}")));
  UpstreamClient client(ConfigFor(server.url()));
  HttpRequest request = Get();
  request.timeout = Duration::zero();
  EXPECT_EQ(FaultOf(Exchange(client, request)), "timeout");
  EXPECT_EQ(server.connections(), 0);
}

TEST(Upstream, BrokenAnswersThenBrokenFault) {
  const std::string half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\":";
  for (const std::string& bytes :
       {half, std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        std::string("this is no HTTP at all\r\n\r\n"), std::string("HTTP/1.1 200 OK\r\nX: "),
        std::string("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"),
        std::string()}) {
    for (const bool reset : {false, true}) {
      HttpServer server([&](HttpConnection& connection) {
        connection.Read();
        connection.Send(bytes);
        if (reset) connection.Reset();
      });
      UpstreamClient client(ConfigFor(server.url()));
      EXPECT_EQ(FaultOf(Exchange(client, With(HttpMethod::kPost, "{}"))), "broken") << bytes;
    }
  }
}

TEST(Upstream, ChunkedAnswerAfterAContinueThenItIsWhole) {
  HttpServer server([](HttpConnection& connection) {
    connection.Read();
    connection.Send("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n");
    connection.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n");
    connection.Send("5\r\n\":1}\n\r\n0\r\n\r\n");
    connection.WaitForClose();
  });
  UpstreamClient client(ConfigFor(server.url()));
  const Outcome outcome = Exchange(client, Get());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, 200);
  EXPECT_EQ(outcome->body, "{\"a\":1}\n");
}

TEST(Upstream, GzipThenTheBodyIsPlainAndTheWireCountIsNot) {
  const std::string plain = "{\"a\":\"" + std::string(100'000, 'a') + "\"}";
  HttpServer server(Always(Reply(200, Gzip(plain), "Content-Encoding: gzip\r\n")));
  UpstreamClient client(ConfigFor(server.url()));
  const Outcome outcome = Exchange(client, Get());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->body, plain);
  EXPECT_LT(outcome->wire_bytes_received, 2000u);
}

TEST(Upstream, BodyOfExactlyTheLimitThenItPasses) {
  HttpServer server(Always(Reply(200, std::string(50'000, 'x'))));
  UpstreamConfig config = ConfigFor(server.url());
  config.response_body_bytes_max = 50'000;
  UpstreamClient client(config);
  EXPECT_TRUE(Exchange(client, Get()));
  config.response_body_bytes_max = 49'999;
  UpstreamClient smaller(config);
  EXPECT_EQ(FaultOf(Exchange(smaller, Get())), "too_large");
  EXPECT_EQ(smaller.counters().held_body_bytes.load(), 0u);
}

TEST(Upstream, GzipBombThenTooLarge) {
  const std::string bomb = Gzip(std::string(50'000'000, '0'));
  ASSERT_LT(bomb.size(), 1'000'000u);
  HttpServer server(Always(Reply(200, bomb, "Content-Encoding: gzip\r\n")));
  UpstreamClient client(ConfigFor(server.url()));
  EXPECT_EQ(FaultOf(Exchange(client, Get())), "too_large");
  EXPECT_EQ(client.counters().held_body_bytes.load(), 0u);
}

TEST(Upstream, EndlessHeadersThenTooLarge) {
  HttpServer server([](HttpConnection& connection) {
    connection.Read();
    connection.Send("HTTP/1.1 200 OK\r\n");
    while (connection.Send("X-Filler: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  UpstreamClient client(ConfigFor(server.url()));
  EXPECT_EQ(FaultOf(Exchange(client, Get())), "too_large");
}

TEST(Upstream, RetryAfterThenItsSeconds) {
  HttpServer server(Always(Reply(429, "{}", "Retry-After: 17\r\n")));
  UpstreamClient client(ConfigFor(server.url()));
  const Outcome outcome = Exchange(client, Get());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->retry_after_s, 17u);
}

TEST(Upstream, ProxyOfTheEnvironmentThenItIsIgnored) {
  const std::string nobody = "http://127.0.0.1:" + std::to_string(ClosedPort());
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"}) {
    setenv(name, nobody.c_str(), 1);
  }
  HttpServer server(Always(Reply(200, "{}")));
  UpstreamClient client(ConfigFor(server.url()));
  EXPECT_TRUE(Exchange(client, Get()));
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"}) unsetenv(name);
}

/// Redirects /.well-known/matrix/client to `location`, and answers what else is asked.
HttpServer::Script RedirectTo(std::function<std::string()> location,
                              std::vector<RawRequest>* seen = nullptr) {
  return [location, seen](HttpConnection& connection) {
    while (auto request = connection.Read()) {
      if (seen != nullptr) seen->push_back(*request);
      const bool first = request->target == "/.well-known/matrix/client";
      connection.Send(first ? Reply(302, "", "Location: " + location() + "\r\n")
                            : Reply(200, R"({"there":true})"));
    }
  };
}

HttpRequest WellKnown() {
  HttpRequest request = Get("/.well-known/matrix/client");
  request.authorization = "Bearer secret";
  request.follow_redirects = true;
  return request;
}

TEST(Upstream, RedirectOnTheSameHostThenItIsFollowedWithoutTheToken) {
  std::vector<RawRequest> seen;
  {
    HttpServer server(RedirectTo([] { return std::string("/elsewhere"); }, &seen));
    UpstreamClient client(ConfigFor(server.url()));
    const Outcome outcome = Exchange(client, WellKnown());
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->status, 200);
    EXPECT_EQ(outcome->body, R"({"there":true})");
    EXPECT_EQ(client.counters().redirects_followed.load(), 1u);
  }
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].headers.count("authorization"), 1u);
  EXPECT_EQ(seen[1].target, "/elsewhere");
  EXPECT_EQ(seen[1].headers.count("authorization"), 0u);
}

TEST(Upstream, RedirectNotAskedForOrToAnotherHostThenItIsTheAnswer) {
  HttpRequest plain = WellKnown();
  plain.follow_redirects = false;
  HttpServer near(RedirectTo([] { return "/elsewhere"; }));
  UpstreamClient client(ConfigFor(near.url()));
  EXPECT_EQ(Exchange(client, plain).value().status, 302);
  const std::string same_machine = near.url("localhost") + "/elsewhere";  // by another name
  for (const std::string& location : {same_machine, std::string("file:///etc/passwd")}) {
    HttpServer far(RedirectTo([location] { return location; }));
    UpstreamClient careful(ConfigFor(far.url()));
    EXPECT_EQ(Exchange(careful, WellKnown()).value().status, 302);
  }
}

TEST(Upstream, RedirectsWithoutEndThenTheLastIsTheAnswer) {
  std::atomic<int> asked{0};
  HttpServer server([&asked](HttpConnection& connection) {
    while (connection.Read()) {
      ++asked;
      connection.Send(Reply(302, "", "Location: /again\r\n"));
    }
  });
  UpstreamClient client(ConfigFor(server.url()));
  EXPECT_EQ(Exchange(client, WellKnown()).value().status, 302);
  EXPECT_EQ(asked, 1 + kRedirectsMax);
}

TEST(Upstream, TlsWithAPrivateAuthorityThenItIsTrustedByItsFileOnly) {
  const TestCertificates certificates("127.0.0.1");
  HttpServer server(Always(Reply(200, "{}")), certificates.server());
  UpstreamConfig config = ConfigFor(server.url());
  config.ca = certificates.ca_file();
  UpstreamClient trusting(config);
  EXPECT_TRUE(Exchange(trusting, Get()));
  config.ca.clear();
  UpstreamClient suspicious(config);
  EXPECT_EQ(FaultOf(Exchange(suspicious, Get())), "tls");
}

TEST(Upstream, TlsCertificateOfAnotherHostThenTlsFault) {
  const TestCertificates certificates("matrix.example.org");
  HttpServer server(Always(Reply(200, "{}")), certificates.server());
  UpstreamConfig config = ConfigFor(server.url());
  config.ca = certificates.ca_file();
  UpstreamClient client(config);
  EXPECT_EQ(FaultOf(Exchange(client, Get())), "tls");
  EXPECT_THAT(client.last_fault(), ::testing::HasSubstr("127.0.0.1"));
}

TEST(Upstream, RedirectFromTlsToPlainThenItIsNotFollowed) {
  const TestCertificates certificates("127.0.0.1");
  HttpServer plain(Always(Reply(200, "{}")));
  HttpServer server(RedirectTo([&plain] { return plain.url() + "/x"; }), certificates.server());
  UpstreamConfig config = ConfigFor(server.url());
  config.ca = certificates.ca_file();
  UpstreamClient client(config);
  EXPECT_EQ(Exchange(client, WellKnown()).value().status, 302);
  EXPECT_EQ(plain.connections(), 0);
}

TEST(Upstream, RedirectFromPlainToTlsThenItIsFollowed) {
  const TestCertificates certificates("127.0.0.1");
  HttpServer secure(Always(Reply(200, "{}")), certificates.server());
  HttpServer server(RedirectTo([&secure] { return secure.url() + "/x"; }));
  UpstreamConfig config = ConfigFor(server.url());
  config.ca = certificates.ca_file();
  UpstreamClient client(config);
  EXPECT_EQ(Exchange(client, WellKnown()).value().status, 200);
}

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
  UpstreamClient client(ConfigFor(server.url()));
  const auto handle = client.Submit(Get(), [&completed](Outcome) { completed = true; });
  asked.get_future().wait();
  client.Cancel(handle);
  EXPECT_EQ(client.in_flight(), 0u);
  closed.get_future().wait();
  client.Cancel(handle);  // known no more: ignored
  client.Drain(Duration::zero());
  EXPECT_FALSE(completed);
  EXPECT_EQ(FaultCount(client, UpstreamFault::kCancelled), 1u);
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
  UpstreamConfig config = ConfigFor(server.url());
  config.active_max = 1;
  config.pending_max = 1;
  UpstreamClient client(config);
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
  UpstreamConfig config = ConfigFor(server.url());
  config.active_max = 1;
  UpstreamClient client(config);
  auto active = Begin(client, Get());
  asked.get_future().wait();
  std::atomic<bool> completed{false};
  client.Cancel(client.Submit(Get(), [&completed](Outcome) { completed = true; }));
  HttpRequest request = Get();
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
  UpstreamClient client(ConfigFor(server.url()));
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
  UpstreamConfig config = ConfigFor(server.url());
  config.active_max = 1;
  UpstreamClient client(config);
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
    UpstreamConfig config = ConfigFor(server.url());
    config.threads = 2;
    UpstreamClient client(config);
    for (int i = 0; i < 20; ++i) futures.push_back(Begin(client, Get()));
  }
  for (auto& future : futures) EXPECT_EQ(FaultOf(future.get()), "stopping");
}

TEST(Upstream, FiveConnectFailuresThenTheNextIsNotTried) {
  UpstreamClient client(ConfigFor("http://127.0.0.1:" + std::to_string(ClosedPort())));
  for (unsigned i = 0; i < kBreakerFailures; ++i) {
    EXPECT_EQ(FaultOf(Exchange(client, Get())), "connect");
  }
  EXPECT_EQ(FaultOf(Exchange(client, Get())), "unavailable");
  EXPECT_EQ(client.counters().breaker_opened.load(), 1u);
}

TEST(Upstream, SubmittedFromCompletionsAndManyThreadsThenAllComplete) {
  HttpServer server(Always(Reply(200, "{}")));
  UpstreamConfig config = ConfigFor(server.url());
  config.threads = 2;
  UpstreamClient client(config);
  std::atomic<int> answers{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&client, &answers] {
      for (int i = 0; i < 50; ++i) {
        client.Submit(Get(), [&](Outcome first) {
          answers += first ? 1 : 0;
          client.Submit(With(HttpMethod::kPost, "{}"),
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
  UpstreamConfig config = ConfigFor("http://127.0.0.1:" + std::to_string(server.port()));
  UpstreamClient client(config);
  const size_t heap_before = mallinfo2().uordblks + mallinfo2().hblkhd;
  std::atomic<size_t> answered{0};
  for (size_t i = 0; i < kPolls; ++i) {
    HttpRequest poll = Get("/_matrix/client/r0/sync?timeout=30000&since=s1");
    poll.authorization = "Bearer " + std::string(200, 't');
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
