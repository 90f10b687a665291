// `lowband sync`: the real program against a small server in this process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <mutex>
#include <nlohmann/json.hpp>

#include "libs/client/options.h"
#include "libs/transcode/transcode.h"
#include "tests/support/closed_port.h"
#include "tests/support/eventually.h"
#include "tests/support/responder.h"
#include "tests/support/run_program.h"
#include "tests/support/temporary_folder.h"

namespace lowband::tools {
namespace {

using client::Answer;
using client::Asked;
using client::ObservedStep;
using client::Responder;
using coap::OptionNumber;
using std::string_literals::operator""s;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Answer Cbor(const nlohmann::json& json, coap::Code code = coap::kContent) {
  Answer answer{code, {client::UintOption(OptionNumber::kContentFormat, coap::kFormatCbor)}, {}};
  EXPECT_TRUE(transcode::JsonToCbor(json.dump(), answer.body));
  return answer;
}

nlohmann::json Message(const std::string& id, const std::string& text) {
  return {{"type", "m.room.message"},
          {"sender", "@alice:hs"},
          {"event_id", id},
          {"content", {{"msgtype", "m.text"}, {"body", text}}}};
}

nlohmann::json Batch(const std::string& next, std::vector<nlohmann::json> events) {
  nlohmann::json timeline = {{"timeline", {{"events", std::move(events)}}}};
  return {{"next_batch", next}, {"rooms", {{"join", {{"!room:hs", std::move(timeline)}}}}}};
}

std::string Line(const std::string& text) {
  return "!room:hs @alice:hs m.room.message " + text + "\n";
}

class SyncTest : public testing::Test {
 protected:
  static const client::TestIdentity& Identity() {
    static const client::TestIdentity identity({"127.0.0.1"});
    return identity;
  }
  /// The n-th request is answered by the n-th of `answers`, those behind by the last.
  void Serve(std::vector<Answer> answers, bool observable = true) {
    answers_ = std::move(answers);
    server_ = std::make_unique<Responder>(
        [this, observable](const Asked& asked) {
          const std::lock_guard lock(mutex_);
          asked_.push_back(asked);
          Answer answer = answers_.at(std::min(asked_.size(), answers_.size()) - 1);
          const auto observe = asked.options.find(6);
          if (observable && observe != asked.options.end() && observe->second.empty() &&
              answer.code.cls() == 2) {
            answer.options.push_back(client::UintOption(OptionNumber::kObserve, 2));
          }
          return answer;
        },
        &Identity());
  }
  RunResult Sync(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "sync");
    arguments.push_back("coaps://127.0.0.1:" + std::to_string(server_->port()));
    return RunLowband(arguments);
  }
  std::vector<Asked> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  static Answer TokenRefused() {
    return Cbor({{"errcode", "M_UNKNOWN_TOKEN"}, {"error", "Invalid access token"}},
                coap::kUnauthorized);
  }

  std::mutex mutex_;
  std::vector<Answer> answers_;
  std::vector<Asked> asked_;
  std::unique_ptr<Responder> server_;
};

TEST_F(SyncTest, FirstAnswerThenPrintedAndDeregistered) {
  Serve({Cbor(Batch("s1", {Message("$1", "hello"), Message("$2", "two\nlines")}))});
  const RunResult result =
      Sync({"-k", "--once", "-H", "Authorization: Bearer tok", "--filter", "{\"a\":1}"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, Line("hello") + Line("two lines"));
  ASSERT_EQ(asked().size(), 1u);
  const Asked first = asked()[0];
  EXPECT_EQ(first.method, coap::kGet);
  EXPECT_THAT(first.path, ElementsAre("7"));
  EXPECT_THAT(first.queries, ElementsAre("timeout=30000", "filter={\"a\":1}"));
  EXPECT_EQ(AsText(first.options.at(256)), "tok");
  EXPECT_EQ(server_->deregistered(), 1u);
  EXPECT_THAT(result.err, HasSubstr("* 1 batches, 2 events, 0 reconnects\n"));
  EXPECT_THAT(result.err, testing::ContainsRegex("[0-9]+ B sent in [0-9]+, [0-9]+ B received in "
                                                 "[0-9]+ datagrams"));
  EXPECT_THAT(result.err, testing::ContainsRegex("[0-9.]+ B per event, no idle minute"));
}

TEST_F(SyncTest, EmptyFirstAnswerThenNotificationsInOrderAndOnce) {
  Serve({Cbor(nlohmann::json::object())});
  server_->Then(Cbor(Batch("s1", {Message("$1", "one")})));
  server_->Then(Cbor(Batch("s1", {Message("$1", "one")})));
  server_->Then(Cbor(Batch("s2", {Message("$1", "one"), Message("$2", "two")})));
  server_->Then(TokenRefused());
  const RunResult result = Sync({"-k", "--token", "tok"});
  EXPECT_EQ(result.out, Line("one") + Line("two"));
  EXPECT_THAT(result.err, HasSubstr("* 2 batches, 2 events, 0 reconnects\n"));
  EXPECT_EQ(asked().size(), 1u);
  // Its last acknowledgement may still be in the socket.
  EXPECT_TRUE(Eventually([&] { return server_->acknowledged() == 4; }));
}

// An answer that rides on the ACK is never acknowledged itself, so a careful server puts nothing
// into it.
TEST_F(SyncTest, FirstAnswerWithoutABodyThenTheResultIsANotification) {
  Serve({Answer{coap::kContent, {}, {}}});
  server_->Then(Cbor(Batch("s1", {Message("$1", "one")})));
  server_->Then(TokenRefused());
  const RunResult result = Sync({"-k", "--token", "tok"});
  EXPECT_EQ(result.out, Line("one"));
  EXPECT_THAT(result.err, HasSubstr("* 1 batches, 1 events, 0 reconnects\n"));
}

TEST_F(SyncTest, TokenRefusedByNotificationThenStatus1AndWhy) {
  Serve({Cbor(nlohmann::json::object())});
  server_->Then(TokenRefused());
  const RunResult result = Sync({"-k", "--token", "very-secret", "-v"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("the server answered 4.01 Unauthorized: M_UNKNOWN_TOKEN: "
                                    "Invalid access token (127.0.0.1 port "));
  EXPECT_THAT(result.err, HasSubstr("path /7)"));
  EXPECT_THAT(result.err, Not(HasSubstr("very-secret")));
}

TEST_F(SyncTest, LargeNotificationThenFetchedWholeBeforeTheNext) {
  Serve({Cbor(nlohmann::json::object())});
  std::vector<nlohmann::json> events;
  for (int i = 0; i < 100; ++i) events.push_back(Message("$" + std::to_string(i), "text"));
  server_->Then(Cbor(Batch("s1", events)));
  server_->Then(Cbor(Batch("s2", {Message("$last", "last")})));
  server_->Then(TokenRefused());
  const RunResult result = Sync({"-k"});
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 101);
  EXPECT_TRUE(result.out.ends_with(Line("last")));
  EXPECT_THAT(result.err, HasSubstr("* 2 batches, 101 events"));
}

TEST_F(SyncTest, LimitedTimelineThenTheGapIsTold) {
  const auto limited = [](const std::string& next) {
    nlohmann::json batch = Batch(next, {Message("$" + next, next)});
    nlohmann::json& timeline = batch["rooms"]["join"]["!room:hs"]["timeline"];
    timeline["limited"] = true;
    timeline["prev_batch"] = "before-" + next + "\x1b[2J";
    return batch;
  };
  Serve({Cbor(limited("s1"))});
  server_->Then(Cbor(limited("s2")));
  server_->Then(Cbor(Batch("s3", {Message("$3", "s3")})));
  server_->Then(TokenRefused());
  const RunResult result = Sync({"-k"});
  EXPECT_EQ(result.out, Line("s1") + Line("s2") + Line("s3"));
  EXPECT_THAT(result.err, HasSubstr("of 1 rooms the newest events only"));
  EXPECT_THAT(result.err, HasSubstr("events are missing in !room:hs before those of this batch "
                                    "(prev_batch before-s2 [2J)\n"));
  EXPECT_THAT(result.err, Not(HasSubstr("before-s1")));
  EXPECT_THAT(result.err, HasSubstr("3 batches, 3 events, 0 reconnects, 1 gaps\n"));
}

TEST_F(SyncTest, FilterLongerThanOneMessageThenStatus1AndTheLimitIsNamed) {
  Serve({Cbor(nlohmann::json::object())});
  const RunResult result = Sync({"-k", "--filter", std::string(6500, 'f')});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("6,144 bytes"));
  EXPECT_TRUE(asked().empty());
}

TEST_F(SyncTest, JsonThenEventsWithRoomAndSection) {
  nlohmann::json batch = Batch("s1", {Message("$1", "hi")});
  batch["to_device"]["events"] = {{{"type", "m.dummy"}, {"sender", "@bob:hs"}}};
  Serve({Cbor(batch)});
  const RunResult result = Sync({"-k", "--once", "--json"});
  std::istringstream lines(result.out);
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  const auto device = nlohmann::json::parse(line);
  EXPECT_EQ(device["section"], "to_device");
  EXPECT_FALSE(device.contains("room_id"));
  ASSERT_TRUE(std::getline(lines, line));
  const auto message = nlohmann::json::parse(line);
  EXPECT_EQ(message["section"], "join.timeline");
  EXPECT_EQ(message["room_id"], "!room:hs");
  EXPECT_EQ(message["content"]["body"], "hi");
}

TEST_F(SyncTest, CursorFileThenGoneOnFromAndRewritten) {
  Serve({Cbor(Batch("s8", {Message("$1", "one")}))});
  const TemporaryFolder folder;
  const std::string cursor = folder.Write("cursor", "s7\n");
  EXPECT_EQ(Sync({"-k", "--once", "--cursor", cursor}).status, 0);
  EXPECT_THAT(asked()[0].queries, Contains("since=s7"));
  EXPECT_EQ(ReadFileText(cursor), "s8\n");
  struct stat status {};
  ASSERT_EQ(stat(cursor.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const std::string fresh = folder.Path("fresh");
  EXPECT_EQ(Sync({"-k", "--once", "--cursor", fresh}).status, 0);
  EXPECT_EQ(asked()[1].queries.size(), 1u);
  EXPECT_EQ(ReadFileText(fresh), "s8\n");
}

nlohmann::json SlidingBatch(const std::string& pos, const std::string& text) {
  nlohmann::json room = {{"timeline", {Message("$" + text, text)}}};
  return {{"pos", pos},
          {"rooms", {{"!room:hs", std::move(room)}}},
          {"extensions", {{"to_device", {{"next_batch", "d" + pos}, {"events", {}}}}}}};
}

/// Its body as JSON.
nlohmann::json BodyOf(const Asked& asked) {
  std::string json;
  EXPECT_TRUE(transcode::CborToJson(asked.body, json));
  return nlohmann::json::parse(json);
}

TEST_F(SyncTest, SlidingThenParametersAreObservedByFetch) {
  Serve({Cbor(nlohmann::json::object())});
  server_->Then(Cbor(SlidingBatch("p1", "one")));
  server_->Then(Cbor(SlidingBatch("p2", "two")));
  server_->Then(TokenRefused());
  const RunResult result = Sync({"-k", "--sliding", "--token", "tok"});
  EXPECT_EQ(result.out, Line("one") + Line("two"));
  ASSERT_EQ(asked().size(), 1u);
  const Asked first = asked()[0];
  EXPECT_EQ(first.method, coap::kFetch);
  EXPECT_THAT(first.path, ElementsAre("_matrix", "client", "unstable",
                                      "org.matrix.simplified_msc3575", "sync"));
  EXPECT_THAT(first.queries, ElementsAre("timeout=30000"));
  EXPECT_EQ(BodyOf(first)["lists"]["all"]["timeline_limit"], 20);
  EXPECT_EQ(first.options.at(292).size(), 3u) << "Request-Tag";
}

TEST_F(SyncTest, SlidingWithCursorThenGoneOnFromBothPositions) {
  Serve({Cbor(SlidingBatch("p8", "one"))});
  const TemporaryFolder folder;
  const std::string cursor = folder.Write("cursor", "p7\nd7\n");
  const RunResult result =
      Sync({"-k", "--once", "--sliding", "--path", "/_matrix/client/v4/sync", "--cursor", cursor,
            "--body", R"({"extensions":{"to_device":{"enabled":true}}})"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(asked().at(0).path, ElementsAre("_matrix", "client", "v4", "sync"));
  EXPECT_THAT(asked()[0].queries, ElementsAre("timeout=30000", "pos=p7"));
  EXPECT_EQ(BodyOf(asked()[0])["extensions"]["to_device"]["since"], "d7");
  EXPECT_EQ(ReadFileText(cursor), "p8\ndp8\n");
}

TEST_F(SyncTest, SlidingPolledThenEachFromTheLastPositions) {
  Serve({Cbor(SlidingBatch("p1", "one")), Cbor(SlidingBatch("p2", "two")), TokenRefused()}, false);
  const RunResult result = Sync({"-k", "--sliding", "--poll"});
  EXPECT_EQ(result.out, Line("one") + Line("two"));
  ASSERT_EQ(asked().size(), 3u);
  EXPECT_EQ(asked()[2].method, coap::kFetch);
  EXPECT_EQ(asked()[2].options.count(6), 0u) << "Observe";
  EXPECT_THAT(asked()[2].queries, ElementsAre("timeout=30000", "pos=p2"));
  EXPECT_EQ(BodyOf(asked()[2])["extensions"]["to_device"]["since"], "dp2");
}

// MSC4186: without a position, but the to-device messages have their own.
TEST_F(SyncTest, SlidingPositionUnknownThenBegunAnew) {
  Serve({Cbor(SlidingBatch("p1", "one")), Cbor(SlidingBatch("p9", "two"))});
  server_->Then(Cbor({{"errcode", "M_UNKNOWN_POS"}, {"error", "x"}}, coap::kBadRequest));
  const RunResult result = Sync({"-k", "--sliding", "--reconnect-wait", "0.02", "--seconds", "2"});
  EXPECT_EQ(result.out, Line("one") + Line("two"));
  EXPECT_THAT(result.err, HasSubstr("no longer knows the position"));
  ASSERT_EQ(asked().size(), 2u);
  EXPECT_THAT(asked()[1].queries, ElementsAre("timeout=30000"));
  EXPECT_EQ(BodyOf(asked()[1])["extensions"]["to_device"]["since"], "dp1");
}

TEST_F(SyncTest, SessionClosedThenReconnectsWithCursorAndToken) {
  Serve({Cbor(nlohmann::json::object())});
  server_->Then(Cbor(Batch("s1", {Message("$1", "one")})));
  server_->Then({ObservedStep::What::kClose, {}});
  server_->Then(Cbor(Batch("s2", {Message("$1", "one"), Message("$2", "two")})));
  server_->Then(TokenRefused());
  const TemporaryFolder folder;
  const RunResult result =
      Sync({"-k", "--token", "tok", "--cursor", folder.Path("cursor"), "--reconnect-wait", "0.02"});
  EXPECT_EQ(result.out, Line("one") + Line("two"));
  EXPECT_THAT(result.err, HasSubstr("the server closed the connection; reconnecting in 0.0 s"));
  EXPECT_THAT(result.err, HasSubstr("2 events, 1 reconnects"));
  ASSERT_EQ(asked().size(), 2u);
  EXPECT_THAT(asked()[1].queries, Contains("since=s1"));
  EXPECT_EQ(AsText(asked()[1].options.at(256)), "tok");
  EXPECT_EQ(ReadFileText(folder.Path("cursor")), "s2\n");
}

// A restarted server knows no session; its alert has no key, so a ping has to confirm it.
TEST_F(SyncTest, SessionForgottenThenPingFindsOutAndReconnects) {
  Serve({Cbor(nlohmann::json::object()), Cbor(Batch("s1", {Message("$1", "one")}))});
  server_->Then({ObservedStep::What::kForget, {}});
  const RunResult result =
      Sync({"-k", "--once", "--keepalive", "0.05", "--reconnect-wait", "0.02"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, Line("one"));
  EXPECT_THAT(result.err, HasSubstr("no longer knows the session; reconnecting"));
}

TEST_F(SyncTest, SilentServerThenPingGivesUpAndReconnects) {
  Serve({Cbor(nlohmann::json::object()), Cbor(Batch("s1", {Message("$1", "one")}))});
  server_->Then({ObservedStep::What::kForget, {}});
  server_->HideAlerts();
  const RunResult result = Sync(
      {"-k", "--once", "--keepalive", "0.05", "--reconnect-wait", "0.02", "--ack-timeout", "0.02"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("does not answer a ping; reconnecting"));
}

TEST_F(SyncTest, SilentObservationThenPingsKeepItAlive) {
  Serve({Cbor(nlohmann::json::object())});
  const RunResult result = Sync({"-k", "--seconds", "0.5", "--keepalive", "0.05"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(asked().size(), 1u);
  EXPECT_EQ(server_->deregistered(), 1u);
  EXPECT_THAT(result.err, HasSubstr("* 0 batches, 0 events, 0 reconnects\n"));
  EXPECT_THAT(result.err, HasSubstr("* no event, no idle minute\n"));
}

// What keeps a ping from the server keeps notifications from us: after some time of that, a server
// puts the observation aside.
TEST_F(SyncTest, PathDownForAWhileThenRegistersAgain) {
  Serve({Cbor(nlohmann::json::object()), Cbor(Batch("s1", {Message("$1", "one")}))});
  server_->Then({ObservedStep::What::kLose, {}});
  const RunResult result = Sync({"-k", "--once", "--keepalive", "0.2", "--ack-timeout", "0.05"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, Line("one"));
  EXPECT_EQ(asked().size(), 2u);
  EXPECT_EQ(server_->deregistered(), 2u);
  EXPECT_THAT(result.err, HasSubstr("1 events, 0 reconnects"));
}

TEST_F(SyncTest, NotObservableThenSaidOnceAndPolled) {
  Serve({Cbor(Batch("s1", {Message("$1", "one")})), Cbor(Batch("s2", {Message("$2", "two")})),
         TokenRefused()},
        /*observable=*/false);
  const RunResult result = Sync({"-k", "--token", "tok", "--timeout", "100"});
  EXPECT_EQ(result.out, Line("one") + Line("two"));
  const std::string said = "does not support observing /sync; polling instead";
  const size_t at = result.err.find(said);
  ASSERT_NE(at, std::string::npos) << result.err;
  EXPECT_EQ(result.err.find(said, at + 1), std::string::npos);
  ASSERT_EQ(asked().size(), 3u);
  EXPECT_TRUE(asked()[0].options.contains(6));
  EXPECT_FALSE(asked()[1].options.contains(6));
  EXPECT_THAT(asked()[1].queries, ElementsAre("timeout=100", "since=s1"));
  EXPECT_THAT(asked()[2].queries, ElementsAre("timeout=100", "since=s2"));
  EXPECT_FALSE(asked()[1].options.contains(256)) << "the token is sticky";
}

TEST_F(SyncTest, PollThenNeverObserves) {
  Serve({Cbor(Batch("s1", {Message("$1", "one")})), TokenRefused()});
  const RunResult result = Sync({"-k", "--poll", "--path", "/_matrix/client/v3/sync"});
  EXPECT_EQ(result.out, Line("one"));
  EXPECT_FALSE(asked()[0].options.contains(6));
  EXPECT_THAT(asked()[0].path, ElementsAre("_matrix", "client", "v3", "sync"));
  EXPECT_THAT(result.err, Not(HasSubstr("observed")));
}

TEST_F(SyncTest, ErrorThatPassesThenAskedAgain) {
  Answer limited =
      Cbor({{"errcode", "M_LIMIT_EXCEEDED"}, {"retry_after_ms", 10}}, coap::kBadRequest);
  Serve({Cbor({{"errcode", "M_UNKNOWN"}}, coap::kBadGateway), limited,
         Cbor(Batch("s1", {Message("$1", "one")}))});
  const RunResult result = Sync({"-k", "--once", "--reconnect-wait", "0.02"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, Line("one"));
  EXPECT_THAT(result.err, HasSubstr("5.02 Bad Gateway: M_UNKNOWN; trying again in"));
  EXPECT_THAT(result.err, HasSubstr("M_LIMIT_EXCEEDED; trying again in"));
}

TEST_F(SyncTest, SignalThenDeregisteredAndSummary) {
  Serve({Cbor(Batch("s1", {Message("$1", "one")}))});
  const TemporaryFolder folder;
  // The first line of output sends the signal, so nobody has to guess when it is time.
  const std::string script = "cd " + folder.Path("") + " && { sh -c 'echo $$ > pid; exec " +
                             LowbandPath() +
                             " sync -k coaps://127.0.0.1:" + std::to_string(server_->port()) +
                             "'; echo $? > status; } | { read -r line; echo \"$line\"; "
                             "kill -INT $(cat pid); cat; }";
  const RunResult result = RunProgram({"/bin/sh", "-c", script});
  EXPECT_EQ(ReadFileText(folder.Path("status")), "0\n") << result.err;
  EXPECT_EQ(result.out, Line("one"));
  EXPECT_EQ(server_->deregistered(), 1u);
  EXPECT_THAT(result.err, HasSubstr("* 1 batches"));
}

TEST_F(SyncTest, OutputThatCannotBeWrittenThenCursorStays) {
  Serve({Cbor(Batch("s1", {Message("$1", "one")}))});
  const TemporaryFolder folder;
  const std::string cursor = folder.Path("cursor");
  const RunResult result =
      RunProgram({"/bin/sh", "-c",
                  LowbandPath() + " sync -k --once --cursor " + cursor +
                      " coaps://127.0.0.1:" + std::to_string(server_->port()) + " > /dev/full"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("cannot write to standard output"));
  EXPECT_EQ(ReadFileText(cursor), "");
}

TEST_F(SyncTest, NobodyThereThenStatus1) {
  const client::ClosedPort closed;
  const std::string there = "127.0.0.1:" + std::to_string(closed.port());
  for (const std::string& scheme : {"coap"s, "coaps"s}) {
    const RunResult result = RunLowband({"sync", "-k", scheme + "://" + there});
    EXPECT_EQ(result.status, 1) << result.err;
    EXPECT_THAT(result.err, HasSubstr("nothing listens at UDP " + there));
  }
}

TEST_F(SyncTest, WrongFlagsThenStatus2AndNamed) {
  const TemporaryFolder folder;
  const auto refused = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "sync");
    const RunResult result = RunLowband(arguments);
    EXPECT_EQ(result.status, 2) << result.err;
    return result.err;
  };
  EXPECT_THAT(refused({"coaps://h/_matrix/client/r0/sync"}), HasSubstr("--path"));
  EXPECT_THAT(refused({"coaps://h?since=x"}), HasSubstr("query since"));
  EXPECT_THAT(refused({"--filter", "{", "coaps://h"}), HasSubstr("--filter"));
  EXPECT_THAT(refused({"--path", "sync", "coaps://h"}), HasSubstr("--path"));
  EXPECT_THAT(refused({"--token-file", "/nonexistent", "coaps://h"}), HasSubstr("/nonexistent"));
  const std::string words = folder.Write("words", "not a cursor");
  EXPECT_THAT(refused({"-k", "--cursor", words, "coaps://h"}), HasSubstr("holds no cursor"));
  EXPECT_THAT(refused({"-k", "--body", "{}", "coaps://h"}), HasSubstr("--sliding"));
  EXPECT_THAT(refused({"-k", "--sliding", "--body", "[]", "coaps://h"}), HasSubstr("--body"));
  EXPECT_THAT(refused({"-k", "--sliding", "--filter", "1", "coaps://h"}), HasSubstr("--filter"));
  EXPECT_THAT(refused({"-k", "--sliding", "coaps://h?pos=1"}), HasSubstr("pos"));
  const std::string secrets = folder.Write("secrets", "very secret");
  EXPECT_THAT(refused({"--token-file", secrets, "coaps://h"}), Not(HasSubstr("very")));
}

}  // namespace
}  // namespace lowband::tools
