// The relay when the homeserver is away, silent or breaks off, when the edge goes away, and when
// the translator has enough or stops.
#include "tests/integration/relay_fixture.h"

namespace lowband::translator {
namespace {

using namespace testing;  // the fixture is the language of these tests
using ::testing::HasSubstr;

constexpr const char* kHead = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";

TEST(RelayFault, HomeserverAwayThenAMatrixErrorThatBrowsersMayRead) {
  Gateway gateway("http://127.0.0.1:" + std::to_string(ClosedPort()));
  const Answered answer = Exchange(gateway, {});
  EXPECT_EQ(answer.head.status(), 502u);
  EXPECT_EQ(answer.body, R"({"errcode":"M_UNKNOWN","error":"the homeserver cannot be reached"})");
  EXPECT_EQ(answer.head.content_length(), answer.body.size());
  EXPECT_EQ(Values(answer.head, "Content-Type"), "|application/json");
  EXPECT_EQ(Values(answer.head, "Access-Control-Allow-Origin"), "|*");
  EXPECT_EQ(Show(answer.status), "0");
  const Answered head = Exchange(gateway, {.method = "HEAD"});
  EXPECT_EQ(head.head.content_length(), answer.body.size());
  EXPECT_EQ(head.body, "");
  for (unsigned i = 2; i < upstream::kBreakerFailures; ++i) Exchange(gateway, {});
  const Answered at_once = Exchange(gateway, {});
  EXPECT_EQ(at_once.head.status(), 503u);
  EXPECT_EQ(Values(at_once.head, "Retry-After"), "|1");
  EXPECT_EQ(gateway.upstream().counters().breaker_opened, 1u);
  EXPECT_NE(gateway.upstream().last_fault(), "");
}

TEST(RelayFault, HomeserverDiesBeforeTheHeadThenAnErrorTellsIfItMayHaveActed) {
  HttpServer server([](HttpConnection& connection) {
    connection.Read();
    connection.Send("HTTP/1.1 200 OK\r\nX: y\r\n");
  });
  Gateway gateway(server.url());
  EXPECT_EQ(Exchange(gateway, {}).head.status(), 502u);
  const Answered post = Exchange(gateway, {.method = "POST", .has_body = true, .length = 1}, "x");
  EXPECT_EQ(post.head.status(), 504u);
  EXPECT_THAT(post.body, HasSubstr("it may have carried out the request"));
}

TEST(RelayFault, HomeserverDiesInTheBodyThenTheCallBreaksOff) {
  for (const char* head : {kHead, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n"}) {
    HttpServer server([head](HttpConnection& connection) {
      connection.Read();
      connection.Send(head);
      connection.Send("the beginning");
    });
    Gateway gateway(server.url());
    const Answered answer = Exchange(gateway, {});
    EXPECT_EQ(answer.head.status(), 200u);
    EXPECT_EQ(Show(answer.status), "14 the homeserver's answer broke off");
    EXPECT_EQ(gateway.faults(mapping::UpstreamFault::kBroken), 1u);
    EXPECT_EQ(gateway.server().counters().relays_broken, 1u);
  }
}

TEST(RelayFault, HeadTooLargeThenAnError) {
  HttpServer server([](HttpConnection& connection) {
    connection.Read();
    connection.Send("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 20; ++i) connection.Send("X: " + std::string(5000, 'x') + "\r\n");
    connection.Send("\r\n");
  });
  Gateway gateway(server.url());
  EXPECT_EQ(Exchange(gateway, {}).head.status(), 502u);
  EXPECT_EQ(gateway.faults(mapping::UpstreamFault::kTooLarge), 1u);
}

Gateway::Given Impatient() {
  return {.upstream = [](upstream::UpstreamConfig& config) {
    config.relay_silence = milliseconds(50);
    config.relay_head_timeout = milliseconds(150);
  }};
}

TEST(RelayFault, SilenceThenTimeout) {
  HttpServer server([](HttpConnection& connection) {
    const auto request = connection.Read();
    if (request->target == "/body") connection.Send(kHead);
    connection.WaitForClose();
  });
  Gateway gateway(server.url(), Impatient());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Exchange(gateway, {.target = "/head"}).head.status(), 504u);
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(150));
  const Answered cut = Exchange(gateway, {.target = "/body"});
  EXPECT_EQ(cut.head.status(), 200u);
  EXPECT_EQ(Show(cut.status), "14 the homeserver's answer broke off");
  EXPECT_EQ(gateway.faults(mapping::UpstreamFault::kTimeout), 2u);
}

TEST(RelayFault, EdgeIsSlowThenNoTimeout) {
  constexpr size_t kSize = 16 << 20;
  // Made beforehand: under a sanitizer that takes longer than the answer may.
  const std::string large = Reply(200, std::string(kSize, 'x'));
  HttpServer server([&large](HttpConnection& connection) {
    while (const auto request = connection.Read()) {
      if (request->method == "HEAD") continue;
      connection.Send(request->body.empty() ? large : Reply(200, "x"));
    }
  });
  // Impatient, and yet long enough for a homeserver on a machine that is busy with other tests.
  Gateway gateway(server.url(), {.upstream = [](upstream::UpstreamConfig& config) {
                    config.relay_silence = milliseconds(500);
                    config.relay_head_timeout = milliseconds(1'500);
                  }});
  Call download(gateway, Asked{});
  download.End();
  Call upload(gateway, {.method = "PUT", .has_body = true, .length = 2});
  upload.Data("1");
  // Longer than any limit, while each waits for the edge; other transfers time out meanwhile.
  const auto end = std::chrono::steady_clock::now() + milliseconds(2'000);
  while (std::chrono::steady_clock::now() < end) Exchange(gateway, {.method = "HEAD"});
  upload.Data("2");
  upload.End();
  EXPECT_EQ(Take(upload).head.status(), 200u);
  const Answered whole = Take(download);
  EXPECT_EQ(whole.body.size(), kSize);
  EXPECT_EQ(Show(whole.status), "0");
}

TEST(RelayFault, EdgeCancelsThenTheConnectionIsClosed) {
  std::atomic<int> closed{0};
  HttpServer server([&](HttpConnection& connection) {
    const auto request = connection.Read();
    if (request->target == "/body") connection.Send(kHead);
    connection.WaitForClose();
    ++closed;
  });
  Gateway gateway(server.url());
  Call before_head(gateway, {.target = "/head"});
  Call in_body(gateway, {.target = "/body"});
  EXPECT_EQ(in_body.Head().status(), 200u);
  ASSERT_TRUE(Eventually([&] { return server.connections() == 2; }));
  before_head.Cancel();
  in_body.Cancel();
  EXPECT_TRUE(Eventually([&] { return closed == 2; }));
  EXPECT_EQ(before_head.Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(in_body.Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Eventually([&] { return gateway.server().relays() == 0; }));
  EXPECT_TRUE(Eventually([&] { return gateway.upstream().in_flight() == 0; }));
  EXPECT_EQ(gateway.faults(mapping::UpstreamFault::kCancelled), 2u);
}

TEST(RelayFault, NotWhatTheContractSaysThenInvalid) {
  HttpServer server([](HttpConnection& connection) { connection.WaitForClose(); });
  Gateway gateway(server.url());
  uint64_t invalid = 3;
  if (!RelaysGoOnLanes()) {
    Call no_request(gateway);
    no_request.Data("x");
    EXPECT_EQ(Show(no_request.Finish()), "3 the first message is not a request");
    Call nothing(gateway);
    nothing.HalfClose();
    EXPECT_EQ(Show(nothing.Finish()), "3 there is no request");
    invalid += 2;
  }
  Call twice(gateway, {.method = "POST", .has_body = true});
  twice.Send({});
  EXPECT_EQ(Show(twice.Finish()), RelaysGoOnLanes() ? "3 a relay is started twice"
                                                    : "3 a message behind the request is not data");
  Call large(gateway, {.method = "POST", .has_body = true});
  large.Data(std::string(contract::kChunkBytesMax + 1, 'x'));
  EXPECT_EQ(Show(large.Finish()), "3 a piece is too large");
  Call trace(gateway, {.method = "TRACE"});
  EXPECT_EQ(Show(trace.Finish()), "3 this method is not relayed");
  EXPECT_EQ(gateway.server().counters().relays_invalid, invalid);
}

TEST(RelayFault, MoreThanAllowedThenRefused) {
  Gate gate;
  HttpServer server([&](HttpConnection& connection) {
    while (connection.Read()) {
      gate.Wait();
      connection.Send(Reply(200, "{}"));
    }
  });
  Gateway gateway(server.url(), {.relays_max = 2});
  Call one(gateway, Asked{});
  Call two(gateway, Asked{});
  ASSERT_TRUE(Eventually([&] { return gateway.server().relays() == 2; }));
  Call three(gateway, Asked{});
  EXPECT_EQ(Show(three.Finish()), "8 too many relays");
  gate.Open();
  EXPECT_EQ(Take(one).head.status(), 200u);
  EXPECT_EQ(Take(two).head.status(), 200u);
  ASSERT_TRUE(Eventually([&] { return gateway.server().relays() == 0; }));
  EXPECT_EQ(Exchange(gateway, {}).head.status(), 200u);
}

// Over plain HTTP a token has no more than over CoAP.
TEST(RelayFault, OneTokensPollsTakeAllTheyMayThenOthersAreServed) {
  Gate gate;
  std::atomic<int> held{0};
  HttpServer server([&](HttpConnection& connection) {
    while (const auto request = connection.Read()) {
      if (request->target.find("/sync") != std::string::npos) {
        ++held;
        gate.Wait();
      }
      connection.Send(Reply(200, "{}"));
    }
  });
  Gateway gateway(server.url(),
                  {.upstream = [](upstream::UpstreamConfig& config) { config.relays_max = 8; },
                   .relays_max = 8});
  const auto poll_of = [](const std::string& token) {
    return Asked{.target = "/_matrix/client/v3/sync?since=s1&timeout=30000",
                 .fields = {{"Authorization", "Bearer " + token}}};
  };
  std::vector<std::unique_ptr<Call>> greedy;
  for (int i = 1; i <= 7; ++i) {
    greedy.push_back(std::make_unique<Call>(gateway, poll_of("greedy")));
    ASSERT_TRUE(Eventually([&] { return held == i; }));
  }
  EXPECT_EQ(Exchange(gateway, {}).head.status(), 200u) << "the reserve";
  ASSERT_TRUE(Eventually([&] { return gateway.server().relays() == 7; }));
  Call other(gateway, poll_of("other"));
  const v1::RelayResponse head = greedy[0]->Head();
  EXPECT_EQ(head.status(), 503u);
  EXPECT_THAT(greedy[0]->Rest(), ::testing::HasSubstr("\"retry_after_ms\":5000"));
  EXPECT_TRUE(greedy[0]->Finish().ok());
  EXPECT_EQ(gateway.faults(mapping::UpstreamFault::kTooManyPolls), 1u);
  EXPECT_EQ(gateway.upstream().counters().polls_made_room.load(), 1u);
  ASSERT_TRUE(Eventually([&] { return held == 8; }));
  gate.Open();
  EXPECT_EQ(other.Head().status(), 200u);
  EXPECT_TRUE(other.Finish().ok());
  for (size_t i = 1; i < greedy.size(); ++i) {
    EXPECT_EQ(greedy[i]->Head().status(), 200u);
    EXPECT_TRUE(greedy[i]->Finish().ok());
  }
}

TEST(RelayFault, ManyLongPollsThenAllAreAnswered) {
  constexpr int kPolls = 300;
  Gate gate;
  HttpServer server([&](HttpConnection& connection) {
    while (const auto request = connection.Read()) {
      gate.Wait();
      connection.Send(Reply(200, request->target));
    }
  });
  Gateway gateway(server.url());
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < kPolls; ++i) {
    calls.push_back(std::make_unique<Call>(gateway, Asked{.target = "/" + std::to_string(i)}));
    calls.back()->End();
  }
  ASSERT_TRUE(Eventually([&] { return server.connections() == kPolls; }));
  EXPECT_EQ(gateway.server().relays(), static_cast<size_t>(kPolls));
  gate.Open();
  for (int i = 0; i < kPolls; ++i) {
    EXPECT_EQ(Take(*calls[static_cast<size_t>(i)]).body, "/" + std::to_string(i));
  }
}

TEST(RelayFault, DrainThenNewOnesAreRefusedAndOldOnesFinished) {
  Gate gate;
  HttpServer server([&](HttpConnection& connection) {
    connection.Read();
    gate.Wait();
    connection.Send(Reply(200, "finished"));
  });
  Gateway gateway(server.url());
  Call old(gateway, Asked{});
  old.End();
  ASSERT_TRUE(Eventually([&] { return server.connections() == 1; }));
  std::thread drain([&] { gateway.server().Drain(kLong); });
  EXPECT_TRUE(Eventually([&] {
    // Refused as invalid while there is no drain.
    Call fresh(gateway, {.method = "TRACE"});
    const grpc::StatusCode code = fresh.Finish().error_code();
    // By the service, and of a call of its own soon by gRPC itself.
    return code == grpc::StatusCode::FAILED_PRECONDITION || code == grpc::StatusCode::UNAVAILABLE;
  }));
  EXPECT_TRUE(Eventually([&] { return gateway.LaneIsToldOfDrain(); }));
  gate.Open();
  EXPECT_EQ(Take(old).body, "finished");
  gateway.HalfCloseLane();
  drain.join();
}

TEST(RelayFault, DrainThenCallsThatCrossItAreToldThatNobodyLookedAtThem) {
  HttpServer server([](HttpConnection& connection) { connection.Read(); });
  Gateway gateway(server.url());
  grpc::ClientContext context;
  const auto lane = gateway.stub().Exchange(&context);
  ASSERT_TRUE(Eventually([&] { return gateway.server().lanes() == 1; }));
  v1::TranslatorBatch told;
  std::thread drain([&] { gateway.server().Drain(kLong); });
  ASSERT_TRUE(lane->Read(&told));
  EXPECT_TRUE(told.draining());
  // Each lane is told for itself; until then a relay lane takes on what comes.
  ASSERT_TRUE(Eventually([&] { return gateway.LaneIsToldOfDrain(); }));
  for (int i = 0; i < 20; ++i) {
    Call crossing(gateway, {.method = "POST"});
    EXPECT_EQ(crossing.Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION) << i;
  }
  lane->WritesDone();
  EXPECT_TRUE(lane->Finish().ok());
  gateway.HalfCloseLane();
  drain.join();
  EXPECT_EQ(server.connections(), 0u);
}

TEST(RelayFault, StopThenTheRestIsCutOff) {
  HttpServer server([](HttpConnection& connection) {
    const auto request = connection.Read();
    if (request->target == "/body") connection.Send(kHead);
    connection.WaitForClose();
  });
  Gateway gateway(server.url());
  Call waits(gateway, {.target = "/head"});
  Call begun(gateway, {.target = "/body"});
  EXPECT_EQ(begun.Head().status(), 200u);
  ASSERT_TRUE(Eventually([&] { return server.connections() == 2; }));
  gateway.upstream().Drain(Duration::zero());
  EXPECT_EQ(waits.Head().status(), 503u);
  EXPECT_EQ(begun.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Exchange(gateway, {}).head.status(), 503u);
}

}  // namespace
}  // namespace lowband::translator
