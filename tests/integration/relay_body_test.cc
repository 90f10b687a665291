// Bodies through the relay: their ends, who may send when, and what is never sent twice.
#include <sys/socket.h>

#include "tests/integration/relay_fixture.h"

namespace lowband::translator {
namespace {

using namespace testing;  // the fixture is the language of these tests
using ::testing::HasSubstr;

TEST(RelayBody, ChunkedUpAndDownThenWhole) {
  HttpServer server([](HttpConnection& connection) {
    while (const auto request = connection.ReadHead()) {
      EXPECT_EQ(request->headers.at("transfer-encoding"), "chunked");
      const auto body = connection.ReadChunked();
      if (!body) return;
      connection.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (const char byte : *body) connection.Send(std::string("1\r\n") + byte + "\r\n");
      connection.Send("0\r\nTrailer-Field: x\r\n\r\n");
    }
  });
  Gateway gateway(server.url());
  for (const char* body : {"", "a", "hello, homeserver"}) {
    const Answered answer = Exchange(gateway, {.method = "POST", .has_body = true}, body);
    EXPECT_EQ(Show(answer.status), "0");
    EXPECT_EQ(answer.body, body);
    EXPECT_FALSE(answer.head.has_content_length());
    EXPECT_EQ(Values(answer.head, "transfer-encoding") + Values(answer.head, "trailer-field"), "");
  }
}

TEST(RelayBody, NoneThenItsLengthIsSaidWhereOneIsExpected) {
  HttpServer server([](HttpConnection& connection) {
    while (const auto request = connection.Read()) {
      const auto& headers = request->headers;
      connection.Send(
          Reply(200, headers.contains("content-length") ? headers.at("content-length") : "none"));
    }
  });
  Gateway gateway(server.url());
  EXPECT_EQ(Exchange(gateway, {.method = "POST"}).body, "0");
  EXPECT_EQ(Exchange(gateway, {.method = "PUT", .has_body = true, .length = 0}).body, "0");
  EXPECT_EQ(Exchange(gateway, {.method = "DELETE"}).body, "none");
  EXPECT_EQ(Exchange(gateway, {.method = "OPTIONS"}).body, "none");
  EXPECT_EQ(Exchange(gateway, {}).body, "none");
}

TEST(RelayBody, AnswersWithoutBodyThenTheyEndBehindTheirHead) {
  HttpServer server([](HttpConnection& connection) {
    while (const auto request = connection.Read()) {
      if (request->method == "HEAD") {
        connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
      } else if (request->target == "/304") {
        connection.Send("HTTP/1.1 304 Same\r\nContent-Length: 77\r\nETag: \"a\"\r\n\r\n");
      } else {
        connection.Send("HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 204 None\r\n\r\n");
      }
    }
  });
  Gateway gateway(server.url());
  const Answered head = Exchange(gateway, {.method = "HEAD"});
  EXPECT_EQ(Show(head.status) + head.body, "0");
  EXPECT_EQ(head.head.content_length(), 1234u);
  const Answered same = Exchange(gateway, {.target = "/304"});
  EXPECT_EQ(Show(same.status) + same.body, "0");
  EXPECT_EQ(same.head.status(), 304u);
  EXPECT_EQ(same.head.content_length(), 77u);
  EXPECT_EQ(Values(same.head, "etag"), "|\"a\"");
  const Answered none = Exchange(gateway, {.target = "/204"});
  EXPECT_EQ(Show(none.status) + none.body, "0");
  EXPECT_EQ(none.head.status(), 204u);
  EXPECT_EQ(Values(none.head, "link"), "");
  EXPECT_EQ(server.connections(), 1);
}

TEST(RelayBody, ContinueThenProceedOnceAndTheBodyFollows) {
  HttpServer server([](HttpConnection& connection) {
    auto request = connection.ReadHead();
    EXPECT_EQ(request->headers.at("expect"), "100-continue");
    connection.Send("HTTP/1.1 100 Continue\r\n\r\n");
    std::string body;
    while (body.size() < 100'000) {
      const std::string some = connection.ReadSome();
      if (some.empty()) return;
      body += some;
    }
    connection.Send(Reply(200, std::to_string(body.size())));
  });
  Gateway gateway(server.url());
  Call call(gateway, {.method = "PUT", .has_body = true, .length = 100'000, .expects = true});
  EXPECT_TRUE(call.Next()->has_proceed());
  call.Data(std::string(60'000, 'a'));
  call.Data(std::string(40'000, 'b'));
  call.End();
  const Answered answer = Take(call);
  EXPECT_EQ(answer.body, "100000");
  EXPECT_EQ(Show(answer.status), "0");
}

TEST(RelayBody, ContinueWithoutLengthThenTheEndIsBelieved) {
  HttpServer server([](HttpConnection& connection) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 100 Continue\r\n\r\n");
    if (const auto body = connection.ReadChunked()) connection.Send(Reply(200, *body));
  });
  Gateway gateway(server.url());
  Call call(gateway, {.method = "PUT", .has_body = true, .expects = true});
  EXPECT_TRUE(call.Next()->has_proceed());
  call.Data("whole");
  call.End();
  EXPECT_EQ(Take(call).body, "whole");
}

TEST(RelayBody, ContinueRefusedThenTheAnswerComesAndNoBodyIsAskedFor) {
  for (const int status : {401, 417, 413}) {
    for (const char* end : {"", "Connection: close\r\n"}) {
      HttpServer server([status, end](HttpConnection& connection) {
        while (connection.ReadHead()) connection.Send(Reply(status, "{\"no\":1}", end));
      });
      Gateway gateway(server.url());
      Call call(gateway, {.method = "PUT", .has_body = true, .length = 100'000, .expects = true});
      const Answered answer = Take(call);
      EXPECT_EQ(answer.head.status(), static_cast<uint32_t>(status));
      EXPECT_EQ(answer.body, "{\"no\":1}") << status << end;
      EXPECT_EQ(Show(answer.status), "0");
    }
  }
}

TEST(RelayBody, ContinueNeverSaidThenTheBodyGoesAllTheSame) {
  HttpServer server([](HttpConnection& connection) {
    while (const auto request = connection.Read()) connection.Send(Reply(200, request->body));
  });
  Gateway gateway(server.url());
  Call call(gateway, {.method = "PUT", .has_body = true, .length = 4, .expects = true});
  EXPECT_TRUE(call.Next()->has_proceed());
  call.Data("body");
  call.End();
  EXPECT_EQ(Take(call).body, "body");
}

TEST(RelayBody, SuccessInThePlaceOfContinueThenItIsTheAnswer) {
  for (const std::optional<uint64_t> length : {std::optional<uint64_t>(9), {}}) {
    HttpServer server([](HttpConnection& connection) {
      connection.ReadHead();
      connection.Send(Reply(200, "at once"));
      connection.WaitForClose();
    });
    Gateway gateway(server.url());
    for (int i = 0; i < 3; ++i) {
      Call call(gateway, {.method = "PUT", .has_body = true, .length = length, .expects = true});
      const Answered answer = Take(call);
      EXPECT_EQ(answer.body + Show(answer.status), "at once0");
    }
    EXPECT_EQ(server.connections(), 3);
  }
}

TEST(RelayBody, AnswerBeforeTheBodysEndThenItIsDelivered) {
  for (const char* end : {"", "Connection: close\r\n"}) {
    for (const std::optional<uint64_t> length : {std::optional<uint64_t>(1'000'000), {}}) {
      HttpServer server([end](HttpConnection& connection) {
        connection.ReadHead();
        connection.ReadSome();
        connection.Send(Reply(413, std::string(100'000, 'x'), end));
        connection.WaitForClose();
      });
      Gateway gateway(server.url());
      Call call(gateway, {.method = "POST", .has_body = true, .length = length});
      call.Data(std::string(60'000, 'a'));
      // The rest of the body never comes.
      const Answered answer = Take(call);
      EXPECT_EQ(answer.head.status(), 413u);
      EXPECT_EQ(answer.body.size(), 100'000u);
      EXPECT_EQ(Show(answer.status), "0");
    }
  }
}

/// The requests that reached the server, and whether their body did.
class Takers {
 public:
  HttpServer::Script Script() {
    return [this](HttpConnection& connection) {
      while (const auto request = connection.ReadHead()) {
        const auto body = connection.ReadChunked();
        (body ? whole_ : broken_) += 1;
        if (!body) return;
        connection.Send(Reply(200, "{}"));
      }
    };
  }
  int whole() const { return whole_; }
  int broken() const { return broken_; }

 private:
  std::atomic<int> whole_{0};
  std::atomic<int> broken_{0};
};

// What a cancel looks like to the stream is what a half-close looks like; see relay_stream.h.
TEST(RelayBody, CancelInTheMiddleOfAChunkedBodyThenItNeverSeemsWhole) {
  constexpr int kTimes = 200;
  Takers takers;
  HttpServer server(takers.Script());
  Gateway gateway(server.url());
  for (int i = 0; i < kTimes; ++i) {
    const uint64_t sent = gateway.upstream().counters().body_bytes_sent;
    Call call(gateway, {.method = "POST", .has_body = true});
    call.Data("the first half");
    ASSERT_TRUE(Eventually([&] { return gateway.upstream().counters().body_bytes_sent > sent; }));
    call.Cancel();
    call.Finish();
  }
  EXPECT_TRUE(Eventually([&] { return takers.broken() == kTimes; })) << takers.broken();
  EXPECT_EQ(takers.whole(), 0);
  EXPECT_TRUE(Eventually([&] { return gateway.server().relays() == 0; }));
  EXPECT_EQ(gateway.server().counters().relays_cancelled, static_cast<uint64_t>(kTimes));
}

TEST(RelayBody, CancelAfterProceedThenTheBodyNeverSeemsWhole) {
  constexpr int kTimes = 50;
  std::atomic<int> whole{0};
  std::atomic<int> broken{0};
  HttpServer server([&](HttpConnection& connection) {
    if (!connection.ReadHead()) return;
    connection.Send("HTTP/1.1 100 Continue\r\n\r\n");
    (connection.ReadChunked() ? whole : broken) += 1;
  });
  Gateway gateway(server.url());
  for (int i = 0; i < kTimes; ++i) {
    Call call(gateway, {.method = "POST", .has_body = true, .expects = true});
    EXPECT_TRUE(call.Next()->has_proceed());
    call.Data("the first half");
    call.Cancel();
    call.Finish();
  }
  EXPECT_TRUE(Eventually([&] { return broken == kTimes; })) << broken;
  EXPECT_EQ(whole, 0);
}

TEST(RelayBody, OtherLengthThanAnnouncedThenInvalidAndNeverWhole) {
  std::atomic<int> whole{0};
  HttpServer server([&](HttpConnection& connection) {
    const auto request = connection.Read();
    if (request && request->method == "PUT") ++whole;
    // An answer, or a closed connection, would end the transfer before its body comes.
    if (request && request->method == "GET") (void)connection.Read();
  });
  Gateway gateway(server.url());
  const Asked asked{.method = "PUT", .has_body = true, .length = 10};
  Call less(gateway, asked);
  less.Data("123456789");
  less.End();
  EXPECT_EQ(Show(less.Finish()), "3 the body is shorter than announced");
  Call more(gateway, asked);
  more.Data("12345");
  more.Data("678901");
  EXPECT_EQ(Show(more.Finish()), "3 the body is longer than announced");
  Call unannounced(gateway, Asked{});
  unannounced.Data("1");
  EXPECT_EQ(Show(unannounced.Finish()), "3 the body is longer than announced");
  EXPECT_TRUE(Eventually([&] { return gateway.upstream().in_flight() == 0; }));
  EXPECT_EQ(whole, 0);
  EXPECT_EQ(gateway.server().counters().relays_invalid, 3u);
}

// A connection that dies as soon as it is used again: libcurl would repeat the request on another.
TEST(RelayBody, StaleConnectionThenOnlyHarmlessRequestsAreRepeated) {
  struct Case {
    Asked asked;
    std::string body;
    uint32_t status;
  };
  const std::vector<Case> cases = {
      {{.method = "GET"}, "", 200},
      {{.method = "POST"}, "", 200},  // on a fresh connection
      {{.method = "DELETE"}, "", 200},
      {{.method = "POST", .has_body = true, .length = 4}, "body", 504},
      {{.method = "POST", .has_body = true}, "body", 504},
      {{.method = "PUT", .has_body = true, .length = 4}, "body", 502},
  };
  for (const Case& one : cases) {
    std::atomic<int> asked{0};
    HttpServer server([&](HttpConnection& connection) {
      if (!connection.Read()) return;
      if (connection.number() > 1) ++asked;
      connection.Send(Reply(200, "{}"));
      if (!connection.ReadHead()) return;
      if (one.asked.has_body) connection.ReadSome();
      ++asked;  // and is closed without an answer
    });
    Gateway gateway(server.url());
    // What must not be repeated has connections of its own.
    const Asked upload{.method = "POST", .has_body = true, .length = 4};
    const Answered before =
        one.asked.has_body ? Exchange(gateway, upload, "body") : Exchange(gateway, {});
    EXPECT_EQ(before.head.status(), 200u);
    const Answered answer = Exchange(gateway, one.asked, one.body);
    EXPECT_EQ(answer.head.status(), one.status) << one.asked.method << one.body;
    // A GET is repeated by libcurl, the bodyless others went to a connection of their own.
    EXPECT_EQ(asked, one.asked.method == "GET" ? 2 : 1);
  }
}

}  // namespace
}  // namespace lowband::translator
