// Mapping::ToHttp for polls of observations.
#include <gtest/gtest.h>

#include <chrono>

#include "services/translator/mapping/cursor.h"
#include "services/translator/mapping/limits.h"
#include "tests/support/mapping_fixture.h"

namespace lowband::translator::mapping {
namespace {

using std::chrono::seconds;
using testing::Ask;
using testing::Show;

v1::Request Poll(const std::vector<std::string>& queries, const std::string& cursor = "") {
  v1::Request request = Ask(v1::GET, {"7"}, queries);
  request.mutable_observe()->set_cursor(cursor);
  request.set_deadline_ms(90'000);
  return request;
}

/// The query that the homeserver gets, or why it gets none.
std::string Sent(const v1::Request& request) {
  const auto mapped = Mapping({}).ToHttp(request);
  if (!mapped) return Show(mapped.error());
  EXPECT_EQ(mapped->http.method, HttpMethod::kGet);
  EXPECT_EQ(mapped->http.body, "");
  return mapped->http.target.substr(std::string("/_matrix/client/r0/sync").size());
}

std::optional<PollForm> PollOf(const v1::Request& request) {
  const auto mapped = Mapping({}).ToHttp(request);
  EXPECT_TRUE(mapped) << Show(mapped.error());
  return mapped ? mapped->form.poll : std::nullopt;
}

TEST(PollRequest, FirstPollThenTheClientsOwnQueries) {
  const auto request = Poll({"since=s1", "timeout=0", "full_state=true", "filter=5"});
  EXPECT_EQ(Sent(request), "?since=s1&timeout=0&full_state=true&filter=5");
  ASSERT_TRUE(PollOf(request));
  EXPECT_FALSE(PollOf(request)->residue);
  EXPECT_EQ(Sent(Poll({})), "");
}

TEST(PollRequest, FurtherPollThenTheCursorAndALongWait) {
  const std::string cursor = WriteCursor({"s72_5/+&=", 9});
  const std::string since = "since=s72_5%2F%2B%26%3D";
  struct Case {
    const char* why;
    std::vector<std::string> queries;
    std::string sent;
  };
  for (const Case& c : {
           Case{"nothing of its own", {}, "?" + since + "&timeout=60000"},
           Case{"in their places",
                {"filter={\"a\":1}", "timeout=30000", "set_presence=offline", "since=s1", "x"},
                "?filter=%7B%22a%22%3A1%7D&timeout=60000&set_presence=offline&" + since + "&x="},
           Case{"no wait", {"since=s1", "timeout=0"}, "?" + since + "&timeout=60000"},
           Case{"bad wait", {"since=s1", "timeout=x"}, "?" + since + "&timeout=60000"},
           Case{"full state once only",
                {"full_state=true", "since=s1", "full_state"},
                "?" + since + "&timeout=60000"},
           Case{"every one of them",
                {"since=s1", "since=s2", "timeout=1", "a=1", "since", "timeout=2", "b=2"},
                "?" + since + "&timeout=60000&a=1&b=2"},
           Case{"other names",
                {"Since=1", "since2=1"},
                "?Since=1&since2=1&" + since + "&timeout=60000"},
       }) {
    EXPECT_EQ(Sent(Poll(c.queries, cursor)), c.sent) << c.why;
    const auto poll = PollOf(Poll(c.queries, cursor));
    ASSERT_TRUE(poll) << c.why;
    EXPECT_EQ(poll->residue, 9u) << c.why;
  }
}

TEST(PollRequest, FurtherPollThenTheWaitEndsBeforeTheEdgesDeadline) {
  const std::string cursor = WriteCursor({"s", 0});
  auto request = Poll({"timeout=1000"}, cursor);
  MappingConfig config;
  config.request_timeout = seconds(20);
  EXPECT_EQ(Mapping(config).ToHttp(request)->http.timeout, kPollWaitMax + kPollMargin);
  request.set_deadline_ms(41'000);
  EXPECT_EQ(Sent(request), "?timeout=35000&since=s");
  EXPECT_EQ(Mapping({}).ToHttp(request)->http.timeout, seconds(40));
  request.set_deadline_ms(0);
  EXPECT_EQ(Sent(request), "?timeout=60000&since=s");
}

TEST(PollRequest, CursorThatNobodyWroteThenAFirstPoll) {
  for (const std::string& cursor : {std::string("s72"), std::string("\x03") + std::string(20, 'x'),
                                    std::string(100'000, '\x01'), WriteCursor({"\xff", 0})}) {
    const auto request = Poll({"since=s1", "full_state=true"}, cursor);
    EXPECT_EQ(Sent(request), "?since=s1&full_state=true");
    ASSERT_TRUE(PollOf(request));
    EXPECT_FALSE(PollOf(request)->residue);
  }
}

TEST(PollRequest, AnySyncPathAndEmptyFetchThenObservable) {
  for (const std::vector<std::string>& path :
       {std::vector<std::string>{"7"}, {"_matrix", "client", "v3", "sync"}}) {
    for (const v1::Method method : {v1::GET, v1::FETCH}) {
      auto request = Ask(method, path);
      request.mutable_observe();
      EXPECT_TRUE(PollOf(request)) << v1::Method_Name(method);
      request.set_content_format(60);
      EXPECT_TRUE(PollOf(request)) << "the label of no body";
    }
  }
}

TEST(PollRequest, AnythingElseThenAsWithoutObserve) {
  for (const auto& plain : {
           Ask(v1::GET, {"0"}),
           Ask(v1::GET, {"E", "!r:h"}),
           Ask(v1::POST, {"7"}),
           Ask(v1::PUT, {"7"}),
           Ask(v1::FETCH, {"o"}),
           Ask(v1::GET, {"_matrix", "client", "r0", "events"}, {"timeout=1"}),
           Ask(v1::GET, {"_matrix", "client", "v4", "sync"}),
           Ask(v1::POST, {"_matrix", "client", "v4", "sync"}),
       }) {
    auto observed = plain;
    observed.mutable_observe()->set_cursor(WriteCursor({"s", 0}));
    const auto mapped = Mapping({}).ToHttp(observed);
    ASSERT_TRUE(mapped) << Show(mapped.error());
    EXPECT_FALSE(mapped->form.poll) << mapped->http.target;
    EXPECT_EQ(mapped->http.target, Mapping({}).ToHttp(plain)->http.target);
    EXPECT_EQ(mapped->http.method, Mapping({}).ToHttp(plain)->http.method);
  }
  EXPECT_FALSE(PollOf(Ask(v1::GET, {"7"})));
}

TEST(PollRequest, FetchOfSyncOtherwiseThenRefused) {
  EXPECT_EQ(Sent(Ask(v1::FETCH, {"7"})).substr(0, 4), "4.05") << "without observe";
  auto with_body = testing::WithBody(Ask(v1::FETCH, {"7"}), 60, testing::Cbor("{}"));
  with_body.mutable_observe();
  EXPECT_EQ(Sent(with_body).substr(0, 4), "4.05");
}

constexpr const char* kParameters =
    R"({"conn_id":"x","lists":{},"extensions":{"to_device":{"enabled":true,"since":"3"}}})";

v1::Request SlidingPoll(const std::vector<std::string>& path, const std::string& cursor,
                        const std::vector<std::string>& queries = {}) {
  auto request = testing::WithBody(Ask(v1::FETCH, path, queries), 60, testing::Cbor(kParameters));
  request.mutable_observe()->set_cursor(cursor);
  request.set_deadline_ms(90'000);
  return request;
}

TEST(PollRequest, SlidingSyncThenAPostOfTheSameBodyThatContinuesFromTheCursor) {
  for (const std::vector<std::string>& path :
       {std::vector<std::string>{"_matrix", "client", "v4", "sync"},
        {"_matrix", "client", "unstable", "org.matrix.simplified_msc3575", "sync"}}) {
    const auto first = Mapping({}).ToHttp(SlidingPoll(path, ""));
    ASSERT_TRUE(first) << Show(first.error());
    ASSERT_TRUE(first->form.poll);
    EXPECT_FALSE(first->form.poll->residue);
    EXPECT_EQ(first->http.method, HttpMethod::kPost);
    EXPECT_TRUE(first->http.target.ends_with("/sync")) << first->http.target;
    EXPECT_EQ(first->http.body, kParameters);
    EXPECT_TRUE(first->form.repeatable) << "a poll may be";
    const std::string cursor = WriteCursor({"5/s72", 9, {{"to_device", "7"}}});
    const auto further = Mapping({}).ToHttp(SlidingPoll(path, cursor, {"pos=old", "timeout=0"}));
    ASSERT_TRUE(further) << Show(further.error());
    EXPECT_TRUE(further->http.target.ends_with("/sync?pos=5%2Fs72&timeout=60000"))
        << further->http.target;
    EXPECT_EQ(
        further->http.body,
        R"({"conn_id":"x","lists":{},"extensions":{"to_device":{"enabled":true,"since":"7"}}})");
    EXPECT_EQ(further->form.poll->residue, 9u);
    EXPECT_EQ(further->form.poll->positions, (ExtensionPositions{{"to_device", "7"}}));
    EXPECT_TRUE(further->http.long_poll);
    EXPECT_EQ(further->http.timeout, seconds(89)) << "with all of the edge's time but a margin";
  }
}

TEST(PollRequest, SlidingSyncResumedByItsClientThenItsOwnPosition) {
  const auto mapped = Mapping({}).ToHttp(
      SlidingPoll({"_matrix", "client", "v4", "sync"}, "", {"pos=6/s80", "timeout=5"}));
  ASSERT_TRUE(mapped) << Show(mapped.error());
  EXPECT_EQ(mapped->http.target, "/_matrix/client/v4/sync?pos=6%2Fs80&timeout=5");
  EXPECT_EQ(mapped->http.body, kParameters);
}

TEST(PollRequest, RefusedByTheMappingThenNoPollInTheAnswer) {
  auto request = Poll({"a=\xff"});
  EXPECT_FALSE(Mapping({}).ToHttp(request).error().head.has_poll());
  request = Poll({});
  request.set_token("a b");
  const auto refused = Mapping({}).ToHttp(request);
  EXPECT_FALSE(refused.error().head.has_poll());
  EXPECT_TRUE(refused.error().head.token_refused());
  const std::string long_cursor = WriteCursor({std::string(kNextBatchBytesMax, '/'), 0});
  request = Poll({"filter=" + std::string(kTargetBytesMax / 2, 'x')}, long_cursor);
  EXPECT_EQ(Sent(request).substr(0, 4), "?fil") << "the longest cursor leaves room";
}

// Only of what is asked again from where it was may a homeserver's answer be given up.
TEST(PollRequest, WaitsForNewsThenALongPoll) {
  const auto is_long = [](const v1::Request& request) {
    const auto mapped = Mapping({}).ToHttp(request);
    EXPECT_TRUE(mapped);
    return mapped && mapped->http.long_poll;
  };
  EXPECT_TRUE(is_long(Ask(v1::GET, {"7"}, {"since=s1", "timeout=30000"})));
  EXPECT_TRUE(is_long(Poll({}, WriteCursor({"s1", 0}))));
  EXPECT_TRUE(is_long(Ask(v1::POST, {"_matrix", "client", "v4", "sync"}, {"pos=1", "timeout=1"})));
  EXPECT_FALSE(is_long(Ask(v1::GET, {"7"}, {"timeout=30000"}))) << "all there is, and not later";
  EXPECT_FALSE(is_long(Ask(v1::GET, {"7"}, {"since=s1", "timeout=1", "full_state=true"})));
  EXPECT_FALSE(is_long(Ask(v1::GET, {"7"}, {"since=s1", "timeout=0"})));
  EXPECT_FALSE(is_long(Ask(v1::GET, {"7"}, {"since=s1"})));
  EXPECT_FALSE(is_long(Ask(v1::GET, {"0"}, {"since=s1", "timeout=30000"})));
  v1::Request at_once = Ask(v1::GET, {"7"}, {"since=s1", "timeout=30000"});
  at_once.set_deadline_ms(1'000);
  EXPECT_FALSE(is_long(at_once)) << "there is no time to wait";
}

}  // namespace
}  // namespace lowband::translator::mapping
