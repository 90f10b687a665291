// The upstream client and a homeserver that behaves: what is sent, what comes back, on which
// connection.
#include <barrier>
#include <cstdlib>
#include <set>

#include "tests/support/upstream_fixture.h"

namespace lowband::translator {
namespace {

using namespace testing;  // the fixture is the language of these tests

TEST(Upstream, GetThenStatusBodyAndTypeComeBack) {
  HttpServer server(Always(Reply(404, R"({"errcode":"M_NOT_FOUND"})")));
  upstream::UpstreamClient client(ConfigFor(server.url()));
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
  upstream::UpstreamClient client(ConfigFor(server.url()));
  mapping::HttpRequest request = With(mapping::HttpMethod::kPut, R"({"body":"x"})");
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

TEST(Upstream, UserAgentThenTheClientsOwnAndNoneOfTheNextRequest) {
  std::vector<std::string> seen;
  {
    HttpServer server([&seen](HttpConnection& connection) {
      while (auto request = connection.Read()) {
        seen.push_back(request->headers.at("user-agent"));
        connection.Send(Reply(200, "{}"));
      }
    });
    upstream::UpstreamClient client(ConfigFor(server.url()));
    for (const char* agent : {"Phone/1.0 (x)", "", "Other"}) {
      mapping::HttpRequest request = Get();
      request.user_agent = agent;
      ASSERT_TRUE(Exchange(client, request));
    }
  }
  EXPECT_THAT(seen, ::testing::ElementsAre("Phone/1.0 (x)", "Lowband", "Other"));
}

TEST(Upstream, NameAndPrefixThenTheHomeserverIsAskedByThem) {
  std::promise<RawRequest> seen;
  HttpServer server([&seen](HttpConnection& connection) {
    if (auto request = connection.Read()) seen.set_value(*request);
    connection.Send(Reply(200, "{}"));
  });
  upstream::UpstreamConfig config = ConfigFor(server.url() + "/behind/");
  config.name = {.host = "matrix.example.org:8448", .proto = "https"};
  upstream::UpstreamClient client(config);
  ASSERT_TRUE(Exchange(client, Get("/_matrix/client/v3/login/sso/redirect?redirectUrl=x")));
  const RawRequest raw = seen.get_future().get();
  EXPECT_EQ(raw.target, "/behind/_matrix/client/v3/login/sso/redirect?redirectUrl=x");
  EXPECT_EQ(raw.headers.at("host"), "matrix.example.org:8448");
  EXPECT_EQ(raw.headers.at("x-forwarded-proto"), "https");
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
    upstream::UpstreamClient client(ConfigFor(server.url()));
    ASSERT_TRUE(Exchange(client, With(mapping::HttpMethod::kPost, "{1}")));
    ASSERT_TRUE(Exchange(client, With(mapping::HttpMethod::kGet, "ignored")));
    ASSERT_TRUE(Exchange(client, With(mapping::HttpMethod::kPut, "")));
    ASSERT_TRUE(Exchange(client, With(mapping::HttpMethod::kDelete, "{2}")));
    ASSERT_TRUE(Exchange(client, With(mapping::HttpMethod::kDelete, "")));
    ASSERT_TRUE(Exchange(client, With(mapping::HttpMethod::kPut, "{3}")));
    EXPECT_EQ(server.connections(), 2) << "one for what may be repeated, one for the POST";
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
  upstream::UpstreamClient client(ConfigFor(server.url()));
  std::string body;
  while (body.size() < 5'000'000) body += std::to_string(body.size()) + ",";
  ASSERT_TRUE(Exchange(client, With(mapping::HttpMethod::kPost, body)));
  EXPECT_EQ(seen.get_future().get(), body);
}

TEST(Upstream, RequestsInTurnThenOneConnectionServesThem) {
  HttpServer server(Always(Reply(200, "{}")));
  upstream::UpstreamClient client(ConfigFor(server.url()));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Exchange(client, Get()));
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(client.counters().connections_opened.load(), 1u);
}

/// A homeserver that answers with the number of the connection. Requests to /both are answered when
/// two of them are there, and so have a connection each; one to /slow takes two seconds.
class NumberedConnections {
 public:
  std::string url() const { return server_.url(); }
  static std::set<std::string> Both(upstream::UpstreamClient& client) {
    auto one = Begin(client, Get("/both"));
    auto other = Begin(client, Get("/both"));
    return {Body(one.get()), Body(other.get())};
  }
  static std::string Body(const Outcome& outcome) { return outcome ? outcome->body : "none"; }

 private:
  static constexpr std::chrono::milliseconds kSlow{2100};
  std::barrier<> both_{2};
  std::promise<void> never_;
  const std::shared_future<void> never_comes_ = never_.get_future().share();
  HttpServer server_{[this](HttpConnection& connection) {
    while (auto request = connection.Read()) {
      if (request->target == "/both") both_.arrive_and_wait();
      if (request->target == "/slow") (void)never_comes_.wait_for(kSlow);
      connection.Send(Reply(200, std::to_string(connection.number())));
    }
  }};
};

// libcurl counts idle time in whole seconds of its own clock, so the homeserver takes two.
TEST(Upstream, PostThenTheIdleConnectionsOfOtherRequestsStay) {
  NumberedConnections homeserver;
  upstream::UpstreamClient client(ConfigFor(homeserver.url()));
  EXPECT_THAT(NumberedConnections::Both(client), ::testing::ElementsAre("1", "2"));
  ASSERT_TRUE(Exchange(client, Get("/slow")));
  EXPECT_TRUE(Exchange(client, With(mapping::HttpMethod::kPost, "{}")));
  EXPECT_THAT(NumberedConnections::Both(client), ::testing::ElementsAre("1", "2"));
}

TEST(Upstream, ConnectionsAtTheirMaximumAgeThenNewOnesAreOpenedAndWhatIsUnderWayEnds) {
  Gate gate;
  Gate arrived;
  HttpServer server([&](HttpConnection& connection) {
    while (auto request = connection.Read()) {
      if (request->target == "/held") {
        arrived.Open();
        gate.Wait();
      }
      connection.Send(Reply(200, std::to_string(connection.number())));
    }
  });
  upstream::UpstreamConfig config = ConfigFor(server.url());
  config.connection_life = std::chrono::nanoseconds(1);
  upstream::UpstreamClient client(config);
  EXPECT_EQ(NumberedConnections::Body(Exchange(client, Get())), "1");
  auto held = Begin(client, Get("/held"));
  arrived.Wait();
  EXPECT_EQ(NumberedConnections::Body(Exchange(client, With(mapping::HttpMethod::kPost, "{}"))),
            "3");
  EXPECT_EQ(NumberedConnections::Body(Exchange(client, Get())), "4");
  gate.Open();
  EXPECT_EQ(NumberedConnections::Body(held.get()), "2");
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
  upstream::UpstreamClient client(ConfigFor(homeserver.server.url()));
  ASSERT_TRUE(Exchange(client, Get()));
  EXPECT_TRUE(Exchange(client, With(mapping::HttpMethod::kPut, "{}")));
  // Shows that libcurl does resend, and so that the next two tests can fail.
  EXPECT_EQ(homeserver.executed, 3);
}

TEST(Upstream, PostOnADyingReusedConnectionThenItIsNotRepeated) {
  for (const size_t size : {2u, 1000u, 20'000u, 100'000u}) {
    DyingConnections homeserver;
    upstream::UpstreamClient client(ConfigFor(homeserver.server.url()));
    ASSERT_TRUE(Exchange(client, With(mapping::HttpMethod::kPost, "{}")));
    EXPECT_EQ(FaultOf(Exchange(client, With(mapping::HttpMethod::kPost, std::string(size, 'x')))),
              "broken");
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
  upstream::UpstreamClient client(ConfigFor(server.url()));
  ASSERT_TRUE(Exchange(client, Get()));
  EXPECT_EQ(FaultOf(Exchange(client, With(mapping::HttpMethod::kPost, ""))), "broken");
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(executed, 1);
}

TEST(Upstream, ChunkedAnswerAfterAContinueThenItIsWhole) {
  HttpServer server([](HttpConnection& connection) {
    connection.Read();
    connection.Send("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n");
    connection.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n");
    connection.Send("5\r\n\":1}\n\r\n0\r\n\r\n");
    connection.WaitForClose();
  });
  upstream::UpstreamClient client(ConfigFor(server.url()));
  const Outcome outcome = Exchange(client, Get());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, 200);
  EXPECT_EQ(outcome->body, "{\"a\":1}\n");
}

TEST(Upstream, GzipThenTheBodyIsPlainAndTheWireCountIsNot) {
  const std::string plain = "{\"a\":\"" + std::string(100'000, 'a') + "\"}";
  HttpServer server(Always(Reply(200, Gzip(plain), "Content-Encoding: gzip\r\n")));
  upstream::UpstreamClient client(ConfigFor(server.url()));
  const Outcome outcome = Exchange(client, Get());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->body, plain);
  EXPECT_LT(outcome->wire_bytes_received, 2000u);
}

TEST(Upstream, RetryAfterThenItsSeconds) {
  HttpServer server(Always(Reply(429, "{}", "Retry-After: 17\r\n")));
  upstream::UpstreamClient client(ConfigFor(server.url()));
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
  upstream::UpstreamClient client(ConfigFor(server.url()));
  EXPECT_TRUE(Exchange(client, Get()));
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"}) unsetenv(name);
}

}  // namespace
}  // namespace lowband::translator
