// The upstream client, redirects and TLS.
#include <functional>

#include "tests/support/upstream_fixture.h"

namespace lowband::translator {
namespace {

using namespace testing;  // the fixture is the language of these tests

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

mapping::HttpRequest WellKnown() {
  mapping::HttpRequest request = Get("/.well-known/matrix/client");
  request.authorization = "Bearer secret";
  request.follow_redirects = true;
  return request;
}

TEST(Upstream, RedirectOnTheSameHostThenItIsFollowedWithoutTheToken) {
  std::vector<RawRequest> seen;
  {
    HttpServer server(RedirectTo([] { return std::string("/elsewhere"); }, &seen));
    upstream::UpstreamClient client(ConfigFor(server.url()));
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
  mapping::HttpRequest plain = WellKnown();
  plain.follow_redirects = false;
  HttpServer near(RedirectTo([] { return "/elsewhere"; }));
  upstream::UpstreamClient client(ConfigFor(near.url()));
  EXPECT_EQ(Exchange(client, plain).value().status, 302);
  const std::string same_machine = near.url("localhost") + "/elsewhere";  // by another name
  for (const std::string& location : {same_machine, std::string("file:///etc/passwd")}) {
    HttpServer far(RedirectTo([location] { return location; }));
    upstream::UpstreamClient careful(ConfigFor(far.url()));
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
  upstream::UpstreamClient client(ConfigFor(server.url()));
  EXPECT_EQ(Exchange(client, WellKnown()).value().status, 302);
  EXPECT_EQ(asked, 1 + upstream::kRedirectsMax);
}

TEST(Upstream, TlsWithAPrivateAuthorityThenItIsTrustedByItsFileOnly) {
  const TestCertificates certificates("127.0.0.1");
  HttpServer server(Always(Reply(200, "{}")), certificates.server());
  upstream::UpstreamConfig config = ConfigFor(server.url());
  config.ca = certificates.ca_file();
  upstream::UpstreamClient trusting(config);
  EXPECT_TRUE(Exchange(trusting, Get()));
  config.ca.clear();
  upstream::UpstreamClient suspicious(config);
  EXPECT_EQ(FaultOf(Exchange(suspicious, Get())), "tls");
}

TEST(Upstream, TlsCertificateOfAnotherHostThenTlsFault) {
  const TestCertificates certificates("matrix.example.org");
  HttpServer server(Always(Reply(200, "{}")), certificates.server());
  upstream::UpstreamConfig config = ConfigFor(server.url());
  config.ca = certificates.ca_file();
  upstream::UpstreamClient client(config);
  EXPECT_EQ(FaultOf(Exchange(client, Get())), "tls");
  EXPECT_THAT(client.last_fault(), ::testing::HasSubstr("127.0.0.1"));
}

TEST(Upstream, RedirectFromTlsToPlainThenItIsNotFollowed) {
  const TestCertificates certificates("127.0.0.1");
  HttpServer plain(Always(Reply(200, "{}")));
  HttpServer server(RedirectTo([&plain] { return plain.url() + "/x"; }), certificates.server());
  upstream::UpstreamConfig config = ConfigFor(server.url());
  config.ca = certificates.ca_file();
  upstream::UpstreamClient client(config);
  EXPECT_EQ(Exchange(client, WellKnown()).value().status, 302);
  EXPECT_EQ(plain.connections(), 0);
}

TEST(Upstream, RedirectFromPlainToTlsThenItIsFollowed) {
  const TestCertificates certificates("127.0.0.1");
  HttpServer secure(Always(Reply(200, "{}")), certificates.server());
  HttpServer server(RedirectTo([&secure] { return secure.url() + "/x"; }));
  upstream::UpstreamConfig config = ConfigFor(server.url());
  config.ca = certificates.ca_file();
  upstream::UpstreamClient client(config);
  EXPECT_EQ(Exchange(client, WellKnown()).value().status, 200);
}

}  // namespace
}  // namespace lowband::translator
