// The handler between a sink that takes notes and a homeserver that the test holds back.
#include "services/translator/exchange_handler.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/translator/mapping/cursor.h"
#include "services/translator/metrics.h"
#include "tests/integration/upstream_fixture.h"
#include "tests/unit/translator_mapping/fixture.h"

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
};

using Said = std::vector<std::string>;

class Handling : public ::testing::Test {
 protected:
  void Start(HttpServer::Script script) {
    server_ = std::make_unique<HttpServer>(std::move(script));
    upstream_ = std::make_unique<UpstreamClient>(testing::ConfigFor(server_->url()));
    handler_ = std::make_unique<ExchangeHandler>(MappingConfig(), *upstream_, nullptr);
  }
  void Give(uint64_t exchange, const v1::Request& request) {
    handler_->Start({1, exchange}, request, ingress::Respond(notes_, exchange));
  }
  std::string Metrics() {
    MetricSet metrics("lowband_translator_");
    const ingress::Counters ingress;
    const RelayCounters relay_upstream;
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
  Gate gate_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<UpstreamClient> upstream_;
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
  EXPECT_EQ(ReadCursor(notes_->cursor())->next_batch, "s2");
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

}  // namespace
}  // namespace lowband::translator
