// The upstream client and a homeserver that is away, slow, broken or too large.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/upstream_fixture.h"

namespace lowband::translator {
namespace {

using namespace testing;  // the fixture is the language of these tests
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Upstream, NobodyListensThenConnectFault) {
  upstream::UpstreamClient client(ConfigFor("http://127.0.0.1:" + std::to_string(ClosedPort())));
  EXPECT_EQ(FaultOf(Exchange(client, Get())), "connect");
  EXPECT_NE(client.last_fault(), "");
}

TEST(Upstream, NameDoesNotResolveThenConnectFault) {
  upstream::UpstreamClient client(ConfigFor("http://nobody.invalid:8008"));
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
  upstream::UpstreamConfig config =
      ConfigFor("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  config.connect_timeout = milliseconds(200);
  upstream::UpstreamClient client(config);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(FaultOf(Exchange(client, Get())), "connect");
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
  for (const int fd : fillers) close(fd);
  close(listener);
}

TEST(Upstream, SilenceThenTimeout) {
  HttpServer server([](HttpConnection& connection) { connection.WaitForClose(); });
  upstream::UpstreamClient client(ConfigFor(server.url()));
  mapping::HttpRequest request = Get();
  request.timeout = milliseconds(100);
  EXPECT_EQ(FaultOf(Exchange(client, request)), "timeout");
  EXPECT_EQ(FaultCount(client, mapping::UpstreamFault::kTimeout), 1u);
}

TEST(Upstream, BodyThatTricklesThenTimeoutCountsFromTheStart) {
  HttpServer server([](HttpConnection& connection) {
    connection.Read();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    while (connection.Send(std::string(100, 'x'))) {
    }
  });
  upstream::UpstreamConfig config = ConfigFor(server.url());
  config.response_body_bytes_max = upstream::kResponseBodyMax;
  upstream::UpstreamClient client(config);
  mapping::HttpRequest request = Get();
  request.timeout = milliseconds(150);
  const std::string fault = FaultOf(Exchange(client, request));
  // On a fast machine the limit on the body may come first.
  EXPECT_TRUE(fault == "timeout" || fault == "too_large") << fault;
}

TEST(Upstream, NoTimeLeftThenTimeoutWithoutARequest) {
  HttpServer server(Always(Reply(200, "{}")));
  upstream::UpstreamClient client(ConfigFor(server.url()));
  mapping::HttpRequest request = Get();
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
      upstream::UpstreamClient client(ConfigFor(server.url()));
      EXPECT_EQ(FaultOf(Exchange(client, With(mapping::HttpMethod::kPost, "{}"))), "broken")
          << bytes;
    }
  }
}

TEST(Upstream, BodyOfExactlyTheLimitThenItPasses) {
  HttpServer server(Always(Reply(200, std::string(50'000, 'x'))));
  upstream::UpstreamConfig config = ConfigFor(server.url());
  config.response_body_bytes_max = 50'000;
  upstream::UpstreamClient client(config);
  EXPECT_TRUE(Exchange(client, Get()));
  config.response_body_bytes_max = 49'999;
  upstream::UpstreamClient smaller(config);
  EXPECT_EQ(FaultOf(Exchange(smaller, Get())), "too_large");
  EXPECT_EQ(smaller.counters().held_body_bytes.load(), 0u);
}

TEST(Upstream, GzipBombThenTooLarge) {
  const upstream::UpstreamConfig config;
  const std::string bomb = Gzip(std::string(config.response_body_bytes_max + 1, '0'));
  ASSERT_LT(bomb.size(), 1'000'000u);
  HttpServer server(Always(Reply(200, bomb, "Content-Encoding: gzip\r\n")));
  upstream::UpstreamClient client(ConfigFor(server.url()));
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
  upstream::UpstreamClient client(ConfigFor(server.url()));
  EXPECT_EQ(FaultOf(Exchange(client, Get())), "too_large");
}

TEST(Upstream, FiveConnectFailuresThenTheNextIsNotTried) {
  upstream::UpstreamClient client(ConfigFor("http://127.0.0.1:" + std::to_string(ClosedPort())));
  for (unsigned i = 0; i < upstream::kBreakerFailures; ++i) {
    EXPECT_EQ(FaultOf(Exchange(client, Get())), "connect");
  }
  EXPECT_EQ(FaultOf(Exchange(client, Get())), "unavailable");
  EXPECT_EQ(client.counters().breaker_opened.load(), 1u);
}

}  // namespace
}  // namespace lowband::translator
