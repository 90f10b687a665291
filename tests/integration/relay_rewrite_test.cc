// Documents that the relay changes, and those that it must not, from the homeserver to the client.
#include "services/translator/mapping/gzip.h"
#include "tests/integration/relay_fixture.h"

namespace lowband::translator {
namespace {

using namespace testing;  // the fixture is the language of these tests
using ::testing::HasSubstr;

constexpr const char* kWellKnown = R"({"m.homeserver":{"base_url":"http://inside:8008"}})";
constexpr const char* kPublic = R"({"m.homeserver":{"base_url":"https://public"}})";
constexpr const char* kPath = "/.well-known/matrix/client";

Gateway::Given Advertising() {
  Gateway::Given given;
  given.mapping.advertise = "https://public";
  return given;
}

TEST(RelayRewriting, WellKnownThenThePublicAddress) {
  std::string accepts;
  HttpServer server([&](HttpConnection& connection) {
    while (const auto request = connection.Read()) {
      accepts = request->headers.at("accept-encoding");
      EXPECT_FALSE(request->headers.contains("range"));
      connection.Send(Reply(200, kWellKnown, "ETag: \"1\"\r\nContent-MD5: x\r\n"));
    }
  });
  Gateway gateway(server.url(), Advertising());
  const Answered answer = Exchange(
      gateway, {.target = kPath, .fields = {{"Accept-Encoding", "br"}, {"Range", "bytes=1-"}}});
  EXPECT_EQ(answer.body, kPublic);
  EXPECT_EQ(answer.head.content_length(), answer.body.size());
  EXPECT_EQ(Values(answer.head, "ETag") + Values(answer.head, "Content-MD5"), "|W/\"1\"");
  EXPECT_EQ(accepts, "identity");
  EXPECT_EQ(Show(answer.status), "0");
  EXPECT_EQ(gateway.handled().documents_rewritten, 1u);
  Gateway plain(server.url());
  EXPECT_EQ(Exchange(plain, {.target = kPath, .fields = {{"Accept-Encoding", "br"}}}).body,
            kWellKnown);
  EXPECT_EQ(accepts, "br");
}

TEST(RelayRewriting, GzipThenItIsGzipAgain) {
  HttpServer server([](HttpConnection& connection) {
    while (const auto request = connection.Read()) {
      EXPECT_EQ(request->headers.at("accept-encoding"), "gzip");
      connection.Send(Reply(200, testing::Gzip(kWellKnown), "Content-Encoding: gzip\r\n"));
    }
  });
  Gateway gateway(server.url(), Advertising());
  const Answered answer =
      Exchange(gateway, {.target = kPath, .fields = {{"Accept-Encoding", "gzip, br"}}});
  EXPECT_EQ(Values(answer.head, "Content-Encoding"), "|gzip");
  EXPECT_EQ(mapping::Gunzip(answer.body, 1000), kPublic);
  EXPECT_EQ(answer.head.content_length(), answer.body.size());
}

TEST(RelayRewriting, TooLargeThenItPassesUntouched) {
  const std::string large =
      std::string(kWellKnown) + std::string(3 * mapping::kRewriteBytesMax, ' ');
  for (const bool chunked : {false, true}) {
    HttpServer server([&](HttpConnection& connection) {
      connection.Read();
      connection.Send(chunked ? "HTTP/1.1 200 OK\r\n\r\n" + large : Reply(200, large));
    });
    Gateway gateway(server.url(), Advertising());
    const Answered answer = Exchange(gateway, {.target = kPath});
    EXPECT_TRUE(answer.body == large) << answer.body.size();
    EXPECT_EQ(Show(answer.status), "0");
  }
}

TEST(RelayRewriting, BreaksOffWhileHeldThenAnErrorInItsPlace) {
  HttpServer server([](HttpConnection& connection) {
    connection.Read();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"m.home");
  });
  Gateway gateway(server.url(), Advertising());
  const Answered answer = Exchange(gateway, {.target = kPath});
  EXPECT_EQ(answer.head.status(), 502u);
  EXPECT_EQ(Show(answer.status), "0");
}

TEST(RelayRewriting, VersionsThenItTellsOfCoapAndHeadTellsNoLength) {
  HttpServer server([](HttpConnection& connection) {
    while (const auto request = connection.Read()) {
      const std::string reply = Reply(200, R"({"versions":[]})");
      connection.Send(request->method == "HEAD" ? reply.substr(0, reply.find("\r\n\r\n") + 4)
                                                : reply);
    }
  });
  Gateway gateway(server.url());
  const Asked get{.target = "/_matrix/client/versions?x"};
  EXPECT_THAT(Exchange(gateway, get).body, HasSubstr("org.matrix.msc3079.low_bandwidth"));
  const Answered head = Exchange(gateway, {.method = "HEAD", .target = get.target});
  EXPECT_EQ(head.head.status(), 200u);
  EXPECT_FALSE(head.head.has_content_length());
  const Answered options = Exchange(gateway, {.method = "OPTIONS", .target = get.target});
  EXPECT_EQ(options.body, R"({"versions":[]})");
}

}  // namespace
}  // namespace lowband::translator
