// Whole transfers through the relay: what the homeserver gets, and what the client gets back.
#include <atomic>

#include "tests/integration/relay_fixture.h"

namespace lowband::translator {
namespace {

using namespace testing;  // the fixture is the language of these tests
using ::testing::HasSubstr;

std::string Bytes(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 1;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

/// Answers with the request's body, and its line in a field.
HttpServer::Script Echo() {
  return [](HttpConnection& connection) {
    while (const auto request = connection.Read()) {
      connection.Send(
          Reply(200, request->body, "Asked: " + request->method + " " + request->target + "\r\n"));
    }
  };
}

TEST(Relay, GetThenAnswerPasses) {
  HttpServer server([](HttpConnection& connection) {
    while (connection.Read()) {
      connection.Send(
          "HTTP/1.1 200 Fine\r\nServer: Synapse/1\r\nSet-Cookie: a=1\r\nDate: today\r\n"
          "set-cookie: b=2\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
          "Content-Encoding: br\r\nContent-Length: 5\r\nX-Empty:\r\n\r\nhello");
    }
  });
  Gateway gateway(server.url());
  const Answered answer = Exchange(gateway, {});
  EXPECT_EQ(Show(answer.status), "0");
  EXPECT_EQ(answer.head.status(), 200u);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.head.content_length(), 5u);
  std::string fields;
  for (const auto& field : answer.head.fields()) fields += field.name() + "=" + field.value() + ";";
  EXPECT_EQ(fields,
            "Server=Synapse/1;Set-Cookie=a=1;Date=today;set-cookie=b=2;Content-Encoding=br;"
            "X-Empty=;");
}

TEST(Relay, RequestThenOnlyItsOwnFieldsAreSent) {
  std::string got;
  HttpServer server([&got](HttpConnection& connection) {
    while (const auto request = connection.Read()) {
      got = request->method + " " + request->target + "\n";
      for (const auto& [name, value] : request->headers) got += name + ": " + value + "\n";
      connection.Send(Reply(200, "{}"));
    }
  });
  Gateway gateway(server.url());
  Exchange(gateway, {.target = "/a/../b//%2e?x=%41&y",
                     .fields = {{"Host", "evil"},
                                {"X-Forwarded-Host", "evil"},
                                {"Forwarded", "for=1"},
                                {"Connection", "close, X-Mine"},
                                {"X-Mine", "1"},
                                {"Transfer-Encoding", "chunked"},
                                {"Content-Length", "7"},
                                {"Expect", "100-continue"},
                                {"Cookie", "a=b"},
                                {"X-Empty", ""}}});
  EXPECT_EQ(got, "GET /a/../b//%2e?x=%41&y\ncookie: a=b\nhost: 127.0.0.1:" +
                     std::to_string(server.port()) + "\nx-empty: \n");
}

TEST(Relay, ClientsAddressThenToldOnlyWhereItMayBe) {
  HttpServer server([](HttpConnection& connection) {
    while (const auto request = connection.Read()) {
      const auto& headers = request->headers;
      connection.Send(
          Reply(200, headers.contains("x-forwarded-for")
                         ? headers.at("x-forwarded-for") + " " + headers.at("x-forwarded-proto")
                         : "nothing"));
    }
  });
  Gateway silent(server.url());
  EXPECT_EQ(Exchange(silent, {}).body, "nothing");
  mapping::MappingConfig telling_config;
  telling_config.forward_client_ip = true;
  Gateway telling(server.url(), {.mapping = telling_config});
  EXPECT_EQ(Exchange(telling, {}).body, "192.0.2.7 https");
}

TEST(Relay, PublicNameAndPrefixThenTheHomeserverIsAskedByThem) {
  HttpServer server([](HttpConnection& connection) {
    while (const auto request = connection.Read()) {
      const auto& headers = request->headers;
      const std::string seen =
          request->target + " " + headers.at("host") + " " + headers.at("x-forwarded-proto");
      connection.Send(Reply(302, seen, "Location: /behind/_synapse/client/pick_idp?a=1\r\n"));
    }
  });
  const auto named = [](upstream::UpstreamConfig& config) {
    config.homeserver += "/behind";
    config.name = {.host = "matrix.example.org", .proto = "https"};
  };
  mapping::MappingConfig telling;
  telling.forward_client_ip = true;  // and with it how the client came
  for (const mapping::MappingConfig& mapping : {mapping::MappingConfig(), telling}) {
    Gateway gateway(server.url(), {.mapping = mapping, .upstream = named});
    const Answered answer = Exchange(gateway, {.target = "/_matrix/x"});
    EXPECT_EQ(answer.body, "/behind/_matrix/x matrix.example.org https");
    EXPECT_EQ(Values(answer.head, "location"), "|/_synapse/client/pick_idp?a=1");
  }
}

TEST(Relay, ConnectionsAtTheirMaximumAgeThenNewOnesAreOpened) {
  HttpServer server(Echo());
  Gateway gateway(server.url(), {.upstream = [](upstream::UpstreamConfig& config) {
                    config.connection_life = std::chrono::nanoseconds(1);
                  }});
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(Exchange(gateway, {}).head.status(), 200u);
    EXPECT_EQ(server.connections(), i);
  }
}

TEST(Relay, BodyOfKnownLengthThenItArrivesWhole) {
  HttpServer server(Echo());
  Gateway gateway(server.url());
  for (const size_t size : {1, 1000, 65'536, 65'537, 3'000'000}) {
    const std::string body = Bytes(size);
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "X-ODD"}) {
      const Answered answer = Exchange(
          gateway, {.method = method, .target = "/t", .has_body = true, .length = size}, body);
      EXPECT_EQ(Show(answer.status), "0");
      EXPECT_TRUE(answer.body == body) << method << " " << size << " " << answer.body.size();
      EXPECT_EQ(Values(answer.head, "asked"), std::string("|") + method + " /t");
    }
  }
}

TEST(Relay, PathThatIsNotOnTheListThen404AndNobodyIsAsked) {
  std::atomic<int> asked = 0;
  HttpServer server([&asked](HttpConnection& connection) {
    while (connection.Read()) {
      ++asked;
      connection.Send(Reply(200, "{}"));
    }
  });
  Gateway gateway(server.url(), {.mapping = {}});
  for (const char* target :
       {"/_synapse/admin/v1/server_version", "/", "/_matrix", "/x/_matrix/",
        "/_matrix/../_synapse/", "/_matrix/..%2f_synapse/admin", "/_matrix/%252e%252e/_synapse",
        "/%2e%2e/_matrix/x", "/.well-known/acme-challenge/x", "/_synapse/clients"}) {
    const Answered answer = Exchange(gateway, {.target = target});
    EXPECT_EQ(Show(answer.status), "0") << target;
    EXPECT_EQ(answer.head.status(), 404u) << target;
    EXPECT_THAT(answer.body, HasSubstr("M_UNRECOGNIZED")) << target;
    EXPECT_EQ(Values(answer.head, "access-control-allow-origin"), "|*");
  }
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(gateway.handled().paths_refused.load(), 10u);
  for (const char* target :
       {"/_matrix/client/versions", "/_matrix/media/v3/config?a=/../b",
        "/.well-known/matrix/server", "//_matrix/client/versions", "/%5fmatrix/x",
        "/_synapse/client/pick_idp", "/_matrix/client/v3/rooms/!r:h/state/m.x/%2E%2E"}) {
    EXPECT_EQ(Exchange(gateway, {.target = target}).head.status(), 200u) << target;
  }
  EXPECT_EQ(asked, 7);
}

TEST(Relay, RefusedPathThenItsBodyIsNotWaitedFor) {
  HttpServer server(Echo());
  Gateway gateway(server.url(), {.mapping = {}});
  Call call(
      gateway,
      {.method = "POST", .target = "/_synapse/admin/x", .has_body = true, .length = 1'000'000});
  EXPECT_EQ(call.Head().status(), 404u);
  const Answered head = Exchange(gateway, {.method = "HEAD", .target = "/_synapse/admin/x"});
  EXPECT_EQ(head.head.status(), 404u);
  EXPECT_EQ(head.body, "");
}

}  // namespace
}  // namespace lowband::translator
