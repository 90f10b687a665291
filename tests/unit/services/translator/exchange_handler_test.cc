// The handler between a sink that takes notes and a homeserver that the test holds back.
#include "services/translator/exchange_handler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "services/translator/mapping/cursor.h"
#include "services/translator/metrics.h"
#include "tests/support/mapping_fixture.h"
#include "tests/support/upstream_fixture.h"

namespace lowband::translator {
namespace {

using testing::Ask;
using testing::Gate;
using testing::HttpConnection;
using testing::HttpServer;
using testing::Reply;

constexpr const char* kIdle = R"({"next_batch":"s2","device_one_time_keys_count":{"a":1}})";

/// What the handler told the lane, in order.
class Notes final : public ingress::AnswerSink {
 public:
  void Observable(uint64_t exchange) override {
    Add(std::to_string(exchange) + " observable", nullptr);
  }
  void Answer(uint64_t exchange, ingress::ExchangeAnswer answer) override {
    {
      const std::lock_guard lock(mutex_);
      body_ = std::string(AsText(answer.body));
      head_ = answer.head;
    }
    const v1::Poll& poll = answer.head.poll();
    Add(std::to_string(exchange) + " " +
            (answer.head.has_poll() ? v1::Poll::Outcome_Name(poll.outcome()) : "no poll"),
        &poll);
  }
  /// The first so many notes, as soon as they are there.
  std::vector<std::string> Wait(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, testing::kLong, [&] { return notes_.size() >= count; });
    return notes_;
  }
  /// Of the last answer.
  std::string body() {
    const std::lock_guard lock(mutex_);
    return body_;
  }
  /// Its code, and the exact status where the code does not tell it: "4.00 (429)".
  std::string code() {
    const v1::Answer last = head();
    const std::string text = coap::Code{static_cast<uint8_t>(last.code())}.Text();
    if (!last.has_http_status()) return text;
    return text + " (" + std::to_string(last.http_status()) + ")";
  }
  v1::Answer head() {
    const std::lock_guard lock(mutex_);
    return head_;
  }
  std::string cursor() {
    const std::lock_guard lock(mutex_);
    return cursor_;
  }

 private:
  void Add(std::string note, const v1::Poll* poll) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(std::move(note));
    if (poll != nullptr && !poll->cursor().empty()) cursor_ = poll->cursor();
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> notes_;
  std::string cursor_;
  std::string body_;
  v1::Answer head_;
};

using Said = std::vector<std::string>;

class Handling : public ::testing::Test {
 protected:
  void Start(HttpServer::Script script) {
    server_ = std::make_unique<HttpServer>(std::move(script));
    upstream_ = std::make_unique<upstream::UpstreamClient>(testing::ConfigFor(server_->url()));
    handler_ = std::make_unique<ExchangeHandler>(mapping::MappingConfig(), *upstream_, nullptr);
  }
  void Give(uint64_t exchange, const v1::Request& request) {
    handler_->Start({1, exchange}, request, ingress::Respond(notes_, exchange));
  }
  /// The code of its answer.
  std::string CodeOf(const v1::Request& request) {
    const uint64_t exchange = ++last_exchange_;
    Give(exchange, request);
    notes_->Wait(exchange);
    return notes_->code();
  }
  std::string Metrics() {
    MetricSet metrics("lowband_translator_");
    const ingress::Counters ingress;
    const upstream::RelayCounters relay_upstream;
    const RelayHandlerCounters relay_handler;
    SetTranslatorMetrics(metrics, {ingress, handler_->counters(), upstream_->counters(),
                                   relay_upstream, relay_handler});
    return metrics.Text();
  }
  void ExpectMetric(const std::string& line) {
    EXPECT_NE(Metrics().find(line + "\n"), std::string::npos) << line << " in\n" << Metrics();
  }
  void ExpectPolls(const std::string& outcome, int count) {
    const std::string line =
        "lowband_translator_polls_total{outcome=\"" + outcome + "\"} " + std::to_string(count);
    EXPECT_NE(Metrics().find(line + "\n"), std::string::npos) << line << " in\n" << Metrics();
  }

  const std::shared_ptr<Notes> notes_ = std::make_shared<Notes>();
  uint64_t last_exchange_ = 0;
  Gate gate_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<upstream::UpstreamClient> upstream_;
  std::unique_ptr<ExchangeHandler> handler_;
};

v1::Request Poll(const std::string& cursor = "") {
  v1::Request request = Ask(v1::GET, {"7"}, {"timeout=0"});
  request.mutable_observe()->set_cursor(cursor);
  return request;
}

TEST_F(Handling, PollThenObservableBeforeTheHomeserverAnswers) {
  Start([this](HttpConnection& connection) {
    while (connection.Read()) {
      gate_.Wait();
      connection.Send(Reply(200, kIdle));
    }
  });
  Give(1, Poll());
  EXPECT_EQ(notes_->Wait(1), Said({"1 observable"}));
  gate_.Open();
  EXPECT_EQ(notes_->Wait(2), Said({"1 observable", "1 CHANGED"}));
  EXPECT_EQ(mapping::ReadCursor(notes_->cursor())->next_batch, "s2");
  Give(2, Poll(notes_->cursor()));
  EXPECT_EQ(notes_->Wait(4).back(), "2 UNCHANGED");
  ExpectPolls("changed", 1);
  ExpectPolls("unchanged", 1);
  ExpectPolls("failed", 0);
  ExpectPolls("ended", 0);
}

TEST_F(Handling, ErrorsThenTheirOutcomesAreCounted) {
  Start([](HttpConnection& connection) {
    if (!connection.Read()) return;
    connection.Send(Reply(connection.number() == 1 ? 500 : 401, R"({"errcode":"M_UNKNOWN_TOKEN"})",
                          "Connection: close\r\n"));
  });
  Give(1, Poll());
  EXPECT_EQ(notes_->Wait(2), Said({"1 observable", "1 FAILED"}));
  Give(2, Poll());
  EXPECT_EQ(notes_->Wait(4), Said({"1 observable", "1 FAILED", "2 observable", "2 ENDED"}));
  ExpectPolls("failed", 1);
  ExpectPolls("ended", 1);
}

TEST_F(Handling, NoPollThenNotObservable) {
  Start(testing::Always(Reply(200, kIdle)));
  v1::Request other = Ask(v1::GET, {"0"});
  other.mutable_observe();
  Give(1, other);
  EXPECT_EQ(notes_->Wait(1), Said({"1 no poll"}));
  Give(2, Ask(v1::GET, {"7"}));
  EXPECT_EQ(notes_->Wait(2).back(), "2 no poll");
  v1::Request refused = Poll();
  refused.set_token("a b");
  Give(3, refused);
  EXPECT_EQ(notes_->Wait(3).back(), "3 no poll");
  for (const char* outcome : {"changed", "unchanged", "failed", "ended"}) ExpectPolls(outcome, 0);
}

TEST_F(Handling, CancelAfterObservableThenNothingFollows) {
  Start([this](HttpConnection& connection) {
    while (connection.Read()) {
      if (connection.number() == 1) gate_.Wait();
      connection.Send(Reply(200, kIdle));
    }
  });
  Give(1, Poll());
  EXPECT_EQ(notes_->Wait(1), Said({"1 observable"}));
  handler_->Cancel({1, 1});
  EXPECT_EQ(handler_->counters().cancelled, 1u);
  gate_.Open();
  upstream_->Drain(testing::kLong);
  EXPECT_EQ(notes_->Wait(1), Said({"1 observable"}));
  ExpectPolls("changed", 0);
}

TEST_F(Handling, ValuesThatAreReplacedAreCounted) {
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  Start(testing::Always(Reply(200, R"({"next_batch":"s2","to_device":{"events":[)"
                                   R"({"type":"m.x","sender":"@a:h","content":)" +
                                       deep + "}]}}")));
  Give(1, Ask(v1::GET, {"7"}));
  EXPECT_EQ(notes_->Wait(1), Said({"1 no poll"}));
  Give(2, Poll());
  EXPECT_EQ(notes_->Wait(3).back(), "2 CHANGED");
  ExpectMetric("lowband_translator_answers_mended_total 2");
  ExpectMetric("lowband_translator_values_replaced_total{reason=\"too_deep\"} 2");
  ExpectMetric("lowband_translator_values_replaced_total{reason=\"not_utf8\"} 0");
}

TEST_F(Handling, RedirectOfALoginThenItsLocationIsToldUnchanged) {
  Start(testing::Always(Reply(302, "", "Location: /idp?a=b\r\n")));
  Give(1, Ask(v1::GET, {"_matrix", "client", "v3", "login", "sso", "redirect"}, {"redirectUrl=x"}));
  notes_->Wait(1);
  EXPECT_NE(notes_->body().find("/idp?a=b"), std::string::npos) << notes_->body();
}

TEST_F(Handling, BytesAreCountedByRoute) {
  Start(testing::Always(Reply(200, R"({"event_id":"$1"})")));
  v1::Request request = Ask(v1::PUT, {"9", "!r:h", "m.room.message", "1"});
  request.set_content_format(50);
  request.set_body(R"({"body":"hi"})");
  Give(1, request);
  notes_->Wait(1);
  const auto line = [](const char* name, const char* direction, uint64_t value) {
    return std::string("lowband_translator_route_") + name + "{direction=\"" + direction +
           "\",route=\"send\"} " + std::to_string(value);
  };
  ExpectMetric("lowband_translator_route_exchanges_total{route=\"send\"} 1");
  ExpectMetric("lowband_translator_route_exchanges_total{route=\"sync\"} 0");
  ExpectMetric(line("coap_body_bytes_total", "sent", request.body().size()));
  const uint64_t received = Reply(200, R"({"event_id":"$1"})").size();
  ExpectMetric(line("upstream_bytes_total", "received", received));
  ExpectMetric(line("https_estimate_bytes_total", "received", received + 22 + 52));
}

// What the edge says of its client in a request decides over the codes of that answer.
TEST_F(Handling, CodesThatTheClientKnowsThenOfEachRequestItsOwn) {
  const std::vector<std::pair<int, std::string>> deployed = {
      {200, "2.05"},       {201, "2.05 (201)"}, {409, "4.00 (409)"}, {429, "4.00 (429)"},
      {501, "5.02 (501)"}, {503, "5.02 (503)"}, {404, "4.04"}};
  const std::vector<std::string> all = {"2.05", "2.01", "4.09", "4.29", "5.01", "5.03", "4.04"};
  std::atomic<int> status = 0;
  Start([&status](HttpConnection& connection) {
    while (connection.Read()) connection.Send(Reply(status, R"({"errcode":"M_X"})"));
  });
  v1::Request old = Ask(v1::GET, {"2"});
  v1::Request knowing = old;
  knowing.set_rfc8075_codes(true);
  for (size_t i = 0; i < all.size(); ++i) {
    status = deployed[i].first;
    EXPECT_EQ(CodeOf(knowing), all[i]);
    EXPECT_EQ(CodeOf(old), deployed[i].second);
    const bool waits = status == 429 || status == 503;
    EXPECT_EQ(CodeOf(knowing), all[i]);
    EXPECT_EQ(notes_->head().has_max_age(), waits) << status;
  }
}

// The same of what is refused here, before and without the homeserver.
TEST_F(Handling, CodesThatTheClientKnowsThenOfRefusalsToo) {
  Start(testing::Always(Reply(200, "{}")));
  v1::Request old = Ask(v1::GET, {"2"});
  old.set_accept(99);
  v1::Request knowing = old;
  knowing.set_rfc8075_codes(true);
  EXPECT_EQ(CodeOf(old), "4.00 (406)");
  EXPECT_EQ(CodeOf(knowing), "4.06");
  const auto refused = [this](const v1::Request& request) {
    return handler_->Refuse(request, ingress::Refused::kOverload).head.code();
  };
  EXPECT_EQ(refused(old), coap::kBadGateway.value);
  EXPECT_EQ(refused(knowing), coap::kServiceUnavailable.value);
}

v1::Request Rendezvous(v1::Method method, const std::string& body = "") {
  return testing::WithBody(
      Ask(method, {"_matrix", "client", "unstable", "org.matrix.msc4108", "rendezvous", "1"}), 0,
      body);
}

/// Keeps one text, whose ETag counts its versions.
class Session {
 public:
  void Serve(HttpConnection& connection) {
    while (const auto request = connection.Read()) connection.Send(Answer(*request));
  }
  /// Somebody else writes after each GET.
  void ChangeAfterGet() {
    const std::lock_guard lock(mutex_);
    change_after_get_ = true;
  }
  /// Methods and their conditions since the last call.
  std::string TakeLog() {
    const std::lock_guard lock(mutex_);
    return std::exchange(log_, {});
  }
  /// Content-Type and text.
  std::string Kept() {
    const std::lock_guard lock(mutex_);
    return type_ + ": " + text_;
  }

 private:
  std::string Answer(const testing::RawRequest& request) {
    const std::lock_guard lock(mutex_);
    const std::string tag = "\"a version with a long name " + std::to_string(version_) + "\"";
    const std::string fields = "ETag: " + tag + "\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n" +
                               "Expires: Thu, 01 Jan 1970 00:00:59 GMT\r\n" +
                               "Content-Type: text/plain\r\n";
    const auto match = request.headers.find("if-match");
    const std::string wanted = match == request.headers.end() ? "" : match->second;
    log_ += request.method + (wanted.empty() ? "" : " if " + wanted) + ";";
    if (request.method == "GET") {
      if (change_after_get_) ++version_;
      return Reply(200, text_, fields);
    }
    if (wanted != tag && wanted != "*") {
      return Reply(412, R"({"errcode":"M_UNKNOWN"})", fields);
    }
    type_ = request.headers.at("content-type");
    text_ = request.body;
    ++version_;
    return Reply(202, "", fields);
  }

  std::mutex mutex_;
  bool change_after_get_ = false;
  int version_ = 1;
  std::string text_ = "{one";
  std::string type_ = "none";
  std::string log_;
};

TEST_F(Handling, VersionThenTheClientAsksAndWritesByItsHash) {
  Session session;
  Start([&session](HttpConnection& connection) { session.Serve(connection); });
  EXPECT_EQ(CodeOf(Rendezvous(v1::GET)), "2.05");
  const std::string tag = notes_->head().entity_tag();
  EXPECT_EQ(tag.size(), 8u);
  EXPECT_EQ(notes_->head().max_age(), 59u);
  EXPECT_EQ(notes_->head().content_format(), 0u);
  EXPECT_EQ(notes_->body(), "{one");
  v1::Request again = Rendezvous(v1::GET);
  again.add_entity_tags("another");
  EXPECT_EQ(CodeOf(again), "2.05");
  again.add_entity_tags(tag);
  EXPECT_EQ(CodeOf(again), "2.03");
  EXPECT_EQ(notes_->head().entity_tag(), tag);
  EXPECT_FALSE(notes_->head().has_content_format());
  EXPECT_EQ(notes_->body(), "");
  session.TakeLog();
  v1::Request put = Rendezvous(v1::PUT, "{two");
  put.add_if_match(tag);
  EXPECT_EQ(CodeOf(put), "2.05 (202)");
  EXPECT_EQ(session.TakeLog(), "GET;PUT if \"a version with a long name 1\";");
  EXPECT_EQ(session.Kept(), "text/plain: {two");
}

TEST_F(Handling, AnotherVersionThenNothingIsWritten) {
  Session session;
  Start([&session](HttpConnection& connection) { session.Serve(connection); });
  v1::Request put = Rendezvous(v1::PUT, "two");
  put.add_if_match("12345678");
  EXPECT_EQ(CodeOf(put), "4.00 (412)");
  EXPECT_NE(notes_->body().find("M_CONCURRENT_WRITE"), std::string::npos);
  EXPECT_EQ(notes_->head().entity_tag().size(), 8u) << "of what is there";
  put.set_rfc8075_codes(true);
  EXPECT_EQ(CodeOf(put), "4.12");
  EXPECT_EQ(session.TakeLog(), "GET;GET;");
}

// Between the two requests somebody else writes: the homeserver itself sees to it.
TEST_F(Handling, VersionThatChangesMeanwhileThenNothingIsWritten) {
  Session session;
  Start([&session](HttpConnection& connection) { session.Serve(connection); });
  CodeOf(Rendezvous(v1::GET));
  v1::Request put = Rendezvous(v1::PUT, "two");
  put.add_if_match(notes_->head().entity_tag());
  session.ChangeAfterGet();
  EXPECT_EQ(CodeOf(put), "4.00 (412)");
  EXPECT_EQ(session.Kept(), "none: {one");
}

TEST_F(Handling, ConditionThatCannotBeKeptThenRefused) {
  Session session;
  Start([&session](HttpConnection& connection) { session.Serve(connection); });
  v1::Request put = Rendezvous(v1::PUT, "two");
  put.add_if_match("");
  EXPECT_EQ(CodeOf(put), "2.05 (202)");
  EXPECT_EQ(session.TakeLog(), "PUT if *;") << "whatever there is";
  v1::Request post = Rendezvous(v1::POST, "x");
  post.add_if_match("12345678");
  EXPECT_EQ(CodeOf(post), "4.02");
  v1::Request elsewhere = Ask(v1::PUT, {"9", "!r:h", "m.room.message", "1"});
  elsewhere.add_if_match("12345678");
  EXPECT_EQ(CodeOf(elsewhere), "4.02");
}

}  // namespace
}  // namespace lowband::translator
