// The TCP fallback from outside: raw bytes in, raw bytes out, and what a translator would see.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/base/config_error.h"
#include "tests/support/fallback_rig.h"

namespace lowband::edge::fallback::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string FieldOf(const v1::RelayRequest& request, std::string_view name) {
  for (const v1::HttpField& field : request.fields()) {
    if (field.name() == name) return field.value();
  }
  return "(none)";
}

// The client's own end of a request that is the last on its connection.
constexpr const char* kLast = "Host: h\r\nConnection: close\r\n";

TEST(Fallback, RequestIsPassedOnWithoutWhatBelongsToTheConnection) {
  Rig rig(Always("hello"));
  const std::string answer = rig.Talk(
      "GET /_matrix/client/versions?a=%2F HTTP/1.1\r\nHost: evil\r\nConnection: close, X-Hop\r\n"
      "X-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nX-Forwarded-For: 9.9.9.9\r\nX_Real_IP: 1\r\n"
      "Forwarded: for=1\r\nAuthorization: Bearer a%41\r\nRange: bytes=0-1\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 5\r\nConnection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nhello"));
  const v1::RelayRequest request = rig.request(0);
  EXPECT_EQ(request.method(), "GET");
  EXPECT_EQ(request.target(), "/_matrix/client/versions?a=%2F");
  ASSERT_EQ(request.fields_size(), 2);
  EXPECT_EQ(FieldOf(request, "Authorization"), "Bearer a%41");
  EXPECT_EQ(FieldOf(request, "Range"), "bytes=0-1");
  EXPECT_EQ(request.forwarded_for(), "127.0.0.1");
  EXPECT_EQ(request.forwarded_proto(), "http");
  EXPECT_FALSE(request.has_body());
}

TEST(Fallback, TrustedProxyTellsTheClientsAddress) {
  Config config = Rig::Plain();
  config.trust_forwarded_for = true;
  Rig rig(Always(""), config);
  const auto ask = [&](std::string fields) {
    rig.Talk("GET / HTTP/1.1\r\n" + fields + kLast + "\r\n");
    return rig.request(rig.requests() - 1);
  };
  EXPECT_EQ(ask("X-Forwarded-For: 192.0.2.1, 2001:db8::1\r\n").forwarded_for(),
            "192.0.2.1, 2001:db8::1, 127.0.0.1");
  EXPECT_EQ(ask("X-Forwarded-For: 192.0.2.1, x\r\n").forwarded_for(), "127.0.0.1");
  EXPECT_EQ(ask("X-Forwarded-Proto: https\r\n").forwarded_proto(), "https");
  EXPECT_EQ(ask("X-Forwarded-Proto: gopher\r\n").forwarded_proto(), "http");
}

TEST(Fallback, AbsoluteFormReachesTheSameHomeserver) {
  Rig rig(Always(""));
  rig.Talk(std::string("GET http://elsewhere.example/p?q HTTP/1.1\r\n") + kLast + "\r\n");
  EXPECT_EQ(rig.request(0).target(), "/p?q");
}

TEST(Fallback, ConnectionServesOneRequestAfterTheOther) {
  Rig rig(Echo());
  RawClient client(rig.port());
  client.Send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\noneGET /b HTTP/1.1\r\n");
  EXPECT_THAT(client.ReadUntil("one"), EndsWith("\r\n\r\none"));
  client.Send("Host: h\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("Content-Length: 0"));
  EXPECT_EQ(rig.request(0).content_length(), 3u);
  EXPECT_EQ(rig.server().counters().opened.load(), 1u);
}

TEST(Fallback, ChunkedBodyComesWhole) {
  Rig rig(Echo());
  const std::string answer =
      rig.Talk(std::string("PUT / HTTP/1.1\r\n") + kLast +
               "Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nT: 1\r\n\r\n");
  EXPECT_THAT(answer, EndsWith("\r\n\r\nhello!"));
  EXPECT_TRUE(rig.request(0).has_body());
  EXPECT_FALSE(rig.request(0).has_content_length());
}

TEST(Fallback, AnswerOfUnknownLengthIsChunked) {
  Rig rig({.on_request = nullptr, .on_body = [](ScriptedCall& call) {
             call.Head(200);
             call.Data("hello");
             call.Data("");
             call.Data("world");
             call.End();
           }});
  EXPECT_THAT(rig.Talk(std::string("GET / HTTP/1.1\r\n") + kLast + "\r\n"),
              EndsWith("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                       "5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n"));
  // HTTP/1.0 knows no chunks.
  const std::string old = rig.Talk("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(old, EndsWith("Connection: close\r\n\r\nhelloworld"));
  EXPECT_THAT(old, Not(HasSubstr("chunked")));
}

TEST(Fallback, AnswersWithoutBodyEndBehindTheirHead) {
  Rig rig({.on_request = nullptr, .on_body = [](ScriptedCall& call) {
             call.Head(304, {{"ETag", "\"x\""}}, 77);
             call.End();
           }});
  RawClient client(rig.port());
  for (const char* method : {"HEAD", "GET"}) {
    client.Send(std::string(method) + " / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("Content-Length: 77"));
  }
}

TEST(Fallback, ContinueIsSentWhenTheHomeserverWantsTheBody) {
  Rig rig({.on_request = [](ScriptedCall& call, int) { call.Proceed(); },
           .on_body = [](ScriptedCall& call) { call.Answer(200, call.body()); }});
  RawClient client(rig.port());
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("ok");
  EXPECT_THAT(client.ReadUntil("ok"), StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(rig.request(0).expects_continue());
}

TEST(Fallback, AnswerBeforeTheBodyEndsTheConnection) {
  Rig rig({.on_request = [](ScriptedCall& call, int) { call.Answer(413, "no"); }, .on_body = {}});
  RawClient client(rig.port());
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
  const std::string answer = client.ReadAll();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

TEST(Fallback, BodyOverTheLimitIsRefused) {
  Config config = Rig::Plain();
  config.body_bytes_max = 4;
  Rig rig(Echo(), config);
  EXPECT_THAT(rig.Talk("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(rig.requests(), 0u);
  EXPECT_THAT(rig.Talk("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(rig.requests(), 0u);
}

TEST(Fallback, MalformedBodyThatComesWithItsHeadReachesNobody) {
  Rig rig(Echo());
  EXPECT_THAT(rig.Talk("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "3\r\nhelX\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(rig.requests(), 0u);
}

TEST(Fallback, MalformedChunkCancelsTheRelay) {
  Rig rig(Echo());
  RawClient client(rig.port());
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n");
  ASSERT_TRUE(Eventually([&] { return rig.requests() == 1; }));
  client.Send("-3\r\nhel\r\n0\r\n\r\n");
  EXPECT_THAT(client.ReadAll(), StartsWith("HTTP/1.1 400"));
  EXPECT_TRUE(Eventually([&] { return rig.cancelled() == 1; }));
}

TEST(Fallback, ClientThatLeavesCancelsTheRelay) {
  Rig rig({});
  RawClient waiting(rig.port());
  waiting.Send("GET /sync HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(Eventually([&] { return rig.requests() == 1; }));
  waiting.Close();
  EXPECT_TRUE(Eventually([&] { return rig.cancelled() == 1; }));

  RawClient uploading(rig.port());
  uploading.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf");
  ASSERT_TRUE(Eventually([&] { return rig.requests() == 2; }));
  uploading.Close();
  EXPECT_TRUE(Eventually([&] { return rig.cancelled() == 2; }));
}

TEST(Fallback, ClientThatLeavesWithItsWholeAnswerWasServed) {
  // The end of the call is still on its way.
  Rig rig({.on_request = nullptr, .on_body = [](ScriptedCall& call) {
             call.Head(200, {}, 2);
             call.Data("ok");
           }});
  RawClient client(rig.port());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("ok"), EndsWith("ok"));
  client.Close();
  const Counters& counters = rig.server().counters();
  EXPECT_TRUE(Eventually([&] { return rig.server().idle(); }));
  EXPECT_TRUE(Eventually(
      [&] { return counters.transfers[static_cast<size_t>(TransferEnd::kServed)].load() == 1; }));
}

TEST(Fallback, RelayThatWasNotTakenIsGivenToAnother) {
  Rig rig({.on_request =
               [](ScriptedCall& call, int attempt) {
                 if (attempt == 1) call.End(CallEnd::kNotTaken);
               },
           .on_body = [](ScriptedCall& call) { call.Answer(200, "second"); }});
  EXPECT_THAT(rig.Talk(std::string("POST / HTTP/1.1\r\n") + kLast + "\r\n"), EndsWith("second"));
  EXPECT_EQ(rig.requests(), 2u);
}

TEST(Fallback, OnlySafeRequestsAreRepeatedAfterTheTranslatorDied) {
  const auto dies_first = [](ScriptedCall& call, int attempt) {
    if (attempt % 2 == 1) call.End(CallEnd::kBroken);
  };
  Rig rig({.on_request = dies_first,
           .on_body = [](ScriptedCall& call) { call.Answer(200, "second"); }});
  EXPECT_THAT(rig.Talk(std::string("GET / HTTP/1.1\r\n") + kLast + "\r\n"), EndsWith("second"));
  const std::string post = rig.Talk(std::string("POST / HTTP/1.1\r\n") + kLast + "\r\n");
  EXPECT_THAT(post, StartsWith("HTTP/1.1 502"));
  EXPECT_THAT(post, HasSubstr("\"errcode\":\"M_UNKNOWN\""));
  EXPECT_THAT(post, HasSubstr("Access-Control-Allow-Origin: *"));
  EXPECT_EQ(rig.requests(), 3u);
}

TEST(Fallback, RequestWhoseBodyNobodyGotIsRepeated) {
  Rig rig({.on_request =
               [](ScriptedCall& call, int attempt) {
                 if (attempt == 1) call.End(CallEnd::kBroken);
               },
           .on_body = [](ScriptedCall& call) { call.Answer(200, "second"); }});
  const std::string post = std::string("POST / HTTP/1.1\r\nContent-Length: 2\r\n") + kLast;
  EXPECT_THAT(rig.Talk(post + "\r\n{}"), EndsWith("second"));
  EXPECT_EQ(rig.requests(), 2u);
}

TEST(Fallback, RequestThatKillsTranslatorsIsGivenToTwoOnly) {
  Rig rig({.on_request =
               [](ScriptedCall& call, int) {
                 call.Proceed();
                 call.End(CallEnd::kBroken);
               },
           .on_body = {}});
  const std::string answer = rig.Talk(std::string("GET / HTTP/1.1\r\n") + kLast + "\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
  EXPECT_EQ(rig.requests(), 2u);
}

TEST(Fallback, OverloadedTranslatorIsServiceUnavailable) {
  Rig rig(
      {.on_request = [](ScriptedCall& call, int) { call.End(CallEnd::kOverload); }, .on_body = {}});
  const std::string answer = rig.Talk(std::string("GET / HTTP/1.1\r\n") + kLast + "\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(answer, HasSubstr("Retry-After: "));
}

TEST(Fallback, BrokenAnswerIsSeenToBeBroken) {
  Rig rig({.on_request = nullptr, .on_body = [](ScriptedCall& call) {
             call.Head(200);
             call.Data("half");
             call.End(CallEnd::kBroken);
           }});
  const std::string answer = rig.Talk("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(answer, Not(HasSubstr("0\r\n\r\n")));
  EXPECT_EQ(rig.server().counters().transfers[static_cast<size_t>(TransferEnd::kBroken)], 1u);
}

TEST(Fallback, AnswerLongerThanItsLengthNeverBecomesAnotherAnswer) {
  Rig rig({.on_request = nullptr, .on_body = [](ScriptedCall& call) {
             call.Head(200, {}, 2);
             call.Data("okHTTP/1.1 200 OK\r\n\r\n");
             call.End();
           }});
  EXPECT_THAT(rig.Talk("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), Not(HasSubstr("okHTTP")));
}

TEST(Fallback, SlowHeadAndStalledBodyAreCutOff) {
  Config config = Rig::Plain();
  config.head_timeout = milliseconds(50);
  config.stall_timeout = milliseconds(50);
  config.idle_timeout = milliseconds(50);
  Rig rig(Echo(), config);
  EXPECT_THAT(rig.Talk("GET / HT"), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(rig.Talk("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf"),
              StartsWith("HTTP/1.1 408"));
  EXPECT_EQ(rig.Talk(""), "");
  // Kept alive, but nothing more comes.
  EXPECT_THAT(rig.Talk("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST(Fallback, ClientThatDoesNotReadHoldsTheTransferBack) {
  constexpr int kPieces = 4000;
  Config config = Rig::Plain();
  config.stall_timeout = milliseconds(100);
  Rig rig({.on_request = nullptr,
           .on_body =
               [](ScriptedCall& call) {
                 call.Head(200, {}, uint64_t{kPieces} * 65536);
                 for (int i = 0; i < kPieces; ++i) call.Data(std::string(65536, 'x'));
                 call.End();
               }},
          config);
  RawClient client(rig.port());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const Counters& counters = rig.server().counters();
  const auto& stalled = counters.transfers[static_cast<size_t>(TransferEnd::kClientStalled)];
  ASSERT_TRUE(Eventually([&] { return stalled.load() == 1; }));
  // What the kernel's socket buffers took, of 250 MiB.
  EXPECT_GT(counters.bytes_sent.load(), 65536u);
  EXPECT_LT(counters.bytes_sent.load(), uint64_t{32} << 20);
}

TEST(Fallback, ConnectionsOverTheLimitAreRefusedAtOnce) {
  Config config = Rig::Plain();
  config.connections_max = 1;
  Rig rig({.on_request = nullptr,
           .on_body =
               [](ScriptedCall& call) {
                 if (call.attempt() > 1) call.Answer(200, "ok");
               }},
          config);
  RawClient first(rig.port());
  first.Send("GET /sync HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(Eventually([&] { return rig.requests() == 1; }));
  EXPECT_THAT(rig.Talk(""), StartsWith("HTTP/1.1 503"));
  first.Close();
  EXPECT_TRUE(Eventually([&] { return rig.server().counters().open.load() == 0; }));
  EXPECT_THAT(rig.Talk(std::string("GET / HTTP/1.1\r\n") + kLast + "\r\n"),
              StartsWith("HTTP/1.1 200"));
}

TEST(Fallback, DrainEndsIdleConnectionsAndFinishesRunningOnes) {
  auto call_made = std::make_shared<std::atomic<ScriptedCall*>>(nullptr);
  Rig rig({.on_request = nullptr,
           .on_body = [call_made](ScriptedCall& call) { call_made->store(&call); }});
  RawClient idle(rig.port());
  RawClient busy(rig.port());
  busy.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(Eventually([&] { return call_made->load() != nullptr; }));
  EXPECT_FALSE(rig.server().idle());
  rig.server().Drain();
  EXPECT_TRUE(idle.IsClosed());
  call_made->load()->Answer(200, "done");
  const std::string answer = busy.ReadAll();
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_THAT(answer, EndsWith("done"));
  EXPECT_TRUE(Eventually([&] { return rig.server().idle(); }));
}

TEST(Fallback, StopCutsOffWhatIsLeft) {
  Rig rig({});
  RawClient busy(rig.port());
  busy.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(Eventually([&] { return rig.requests() == 1; }));
  rig.server().Stop();
  EXPECT_TRUE(busy.IsClosed());
  EXPECT_EQ(rig.cancelled(), 1);
}

TEST(Fallback, PortInUseIsNamed) {
  Rig rig({});
  Server second(Rig::Plain(), std::make_unique<ScriptedChannel>(Script{}, rig.journal()));
  BindAddress address;
  address.address = *SocketAddress::FromLiteral("127.0.0.1", rig.port());
  try {
    (void)second.Bind("--dtls-bind-addr", address);
    FAIL() << "bound twice";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--dtls-bind-addr: cannot listen on 127.0.0.1:"));
    EXPECT_THAT(error.what(), HasSubstr("(tcp): the port is in use"));
  }
}

}  // namespace
}  // namespace lowband::edge::fallback::testing
