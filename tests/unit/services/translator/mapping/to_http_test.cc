#include <gtest/gtest.h>

#include <chrono>

#include "libs/transcode/deflate.h"
#include "libs/transcode/packed.h"
#include "services/translator/mapping/cursor.h"
#include "services/translator/mapping/limits.h"
#include "tests/support/mapping_fixture.h"

namespace lowband::translator::mapping {
namespace {

using testing::Ask;
using testing::BodyJson;
using testing::Cbor;
using testing::Show;
using testing::WithBody;

MappedRequest Map(const v1::Request& request, MappingConfig config = {}) {
  auto mapped = Mapping(config).ToHttp(request);
  if (!mapped) {
    ADD_FAILURE() << Show(mapped.error());
    return {};
  }
  return *mapped;
}

std::string Refused(const v1::Request& request, MappingConfig config = {}) {
  const auto mapped = Mapping(config).ToHttp(request);
  return mapped ? "accepted: " + mapped->http.target : Show(mapped.error());
}

TEST(ToHttp, MethodsThenTheSameInHttp) {
  EXPECT_EQ(Map(Ask(v1::GET, {"7"})).http.method, HttpMethod::kGet);
  EXPECT_EQ(Map(Ask(v1::POST, {"1"})).http.method, HttpMethod::kPost);
  EXPECT_EQ(Map(Ask(v1::PUT, {"e", "D"})).http.method, HttpMethod::kPut);
  EXPECT_EQ(Map(Ask(v1::DELETE, {"e", "D"})).http.method, HttpMethod::kDelete);
  EXPECT_FALSE(Map(Ask(v1::POST, {"1"})).form.repeatable);
  EXPECT_TRUE(Map(Ask(v1::PUT, {"e", "D"})).form.repeatable);
}

TEST(ToHttp, FetchThenPostWhereMatrixHasOne) {
  const auto fetch = Map(WithBody(Ask(v1::FETCH, {"o"}), 60, Cbor(R"({"a":1})")));
  EXPECT_EQ(fetch.http.method, HttpMethod::kPost);
  EXPECT_EQ(fetch.http.body, R"({"a":1})");
  EXPECT_FALSE(fetch.form.repeatable);
  EXPECT_EQ(Map(Ask(v1::FETCH, {"_matrix", "client", "v3", "search"})).http.method,
            HttpMethod::kPost);
  EXPECT_EQ(
      Refused(Ask(v1::FETCH, {"7"})),
      R"(4.05 60 {"errcode":"M_UNRECOGNIZED","error":"FETCH is served only where Matrix has a POST"})");
}

TEST(ToHttp, UnknownMethodThen405) {
  EXPECT_EQ(Refused(Ask(v1::METHOD_UNSPECIFIED, {"7"})),
            R"(4.05 60 {"errcode":"M_UNRECOGNIZED","error":"the method is not served"})");
  EXPECT_EQ(Refused(Ask(static_cast<v1::Method>(7), {"7"})).substr(0, 4), "4.05");
}

TEST(ToHttp, RequestIdThenToldAndATraceMadeWhereAskedFor) {
  MappingConfig tracing;
  tracing.trace_one_in = 1;
  v1::Request request = Ask(v1::GET, {"7"});
  EXPECT_TRUE(Map(request).http.request_id.empty());
  EXPECT_EQ(Map(request, tracing).http.trace_parent, "");
  request.set_request_id(std::string(16, '\x02'));
  EXPECT_EQ(Map(request).http.request_id.Text(), "02020202020202020202020202020202");
  EXPECT_EQ(Map(request).http.trace_parent, "");
  EXPECT_EQ(Map(request, tracing).http.trace_parent,
            "00-02020202020202020202020202020202-0202020202020202-01");
  request.set_request_id("short");
  EXPECT_TRUE(Map(request).http.request_id.empty());
}

TEST(ToHttp, PathAndQueriesThenOneTarget) {
  const auto mapped = Map(Ask(v1::GET, {"E", "!r:h"}, {"dir=b", "from=t1/2", "limit"}));
  EXPECT_EQ(mapped.http.target, "/_matrix/client/r0/rooms/!r:h/messages?dir=b&from=t1%2F2&limit=");
  EXPECT_EQ(mapped.form.route, Route::kMessages);
  MappingConfig config;
  config.enum_api = EnumApi::kV3;
  EXPECT_EQ(Map(Ask(v1::GET, {"7"}), config).http.target, "/_matrix/client/v3/sync");
}

TEST(ToHttp, RefusedPathThenAMatrixErrorInTheClientsForm) {
  EXPECT_EQ(Refused(Ask(v1::GET, {"9", "!r:h"})),
            R"(4.00 60 {"errcode":"M_MISSING_PARAM","error":"path 9 needs {eventType}"})");
  auto json = WithBody(Ask(v1::POST, {"_synapse"}), 50, "{}");
  EXPECT_EQ(Refused(json),
            R"(4.04 50 {"errcode":"M_UNRECOGNIZED","error":"no Matrix client API has this path"})");
}

TEST(ToHttp, BadQueriesThenRefused) {
  EXPECT_EQ(Refused(Ask(v1::GET, {"7"}, {"a=\xff"})),
            R"(4.00 60 {"errcode":"M_INVALID_PARAM","error":"a query is not UTF-8"})");
  const std::vector<std::string> many(kQueriesMax + 1, "a=b");
  EXPECT_EQ(Refused(Ask(v1::GET, {"7"}, many)),
            R"(4.00 60 {"errcode":"M_INVALID_PARAM","error":"the request has too many queries"})");
}

TEST(ToHttp, TargetOverTheLimitThen414) {
  const std::string value(kTargetBytesMax - std::string("/_matrix/client/r0/sync?f=").size(), 'x');
  EXPECT_EQ(Map(Ask(v1::GET, {"7"}, {"f=" + value})).http.target.size(), kTargetBytesMax);
  EXPECT_EQ(Refused(Ask(v1::GET, {"7"}, {"f=" + value + "x"})),
            R"(4.00 (414) 60 {"errcode":"M_TOO_LARGE","error":"path and query are too long"})");
}

TEST(ToHttp, TokenThenAuthorization) {
  auto request = Ask(v1::GET, {"7"});
  EXPECT_EQ(Map(request).http.authorization, "");
  EXPECT_FALSE(Map(request).form.edge_token);
  request.set_token("syt_a-b.c~d/e+f=");
  EXPECT_EQ(Map(request).http.authorization, "Bearer syt_a-b.c~d/e+f=");
  EXPECT_TRUE(Map(request).form.edge_token);
}

TEST(ToHttp, TokenInTheQueryThenItIsUsedAndNotForwarded) {
  auto request = Ask(v1::GET, {"7"}, {"access_token=mine", "since=s"});
  request.set_token("sticky");
  EXPECT_EQ(Map(request).http.authorization, "Bearer mine");
  EXPECT_EQ(Map(request).http.target, "/_matrix/client/r0/sync?since=s");
  EXPECT_FALSE(Map(request).form.edge_token) << "a refusal of it must not end the sticky one";
  request.set_queries(0, "access_token=");
  EXPECT_EQ(Map(request).http.authorization, "Bearer sticky");
}

TEST(ToHttp, TokenThatCouldSplitAHeaderThenRefusedAsUnknown) {
  const std::string refusal =
      R"({"errcode":"M_UNKNOWN_TOKEN","error":"the access token has invalid characters or length"})";
  for (const std::string& token :
       {std::string("a\r\nX: y"), std::string("a b"), std::string("a\0b", 3),
        std::string("caf\xc3\xa9"), std::string("\x7f"), std::string(kTokenBytesMax + 1, 'a')}) {
    auto request = Ask(v1::GET, {"7"});
    request.set_token(token);
    EXPECT_EQ(Refused(request), "4.01 60 token refused " + refusal);
    EXPECT_EQ(Refused(Ask(v1::GET, {"7"}, {"access_token=" + token})), "4.01 60 " + refusal);
  }
  auto request = Ask(v1::GET, {"7"});
  request.set_token(std::string(kTokenBytesMax, 'a'));
  EXPECT_EQ(Map(request).http.authorization.size(), kTokenBytesMax + 7);
}

TEST(ToHttp, ClientAddressThenForwardedOnlyIfConfigured) {
  auto request = Ask(v1::GET, {"7"});
  request.set_client_address("2001:db8::1");
  EXPECT_EQ(Map(request).http.forwarded_for, "");
  MappingConfig config;
  config.forward_client_ip = true;
  EXPECT_EQ(Map(request, config).http.forwarded_for, "2001:db8::1");
  request.set_client_address("192.0.2.7");
  EXPECT_EQ(Map(request, config).http.forwarded_for, "192.0.2.7");
  for (const char* other : {"", "192.0.2.7\r\nX: y", "example.org", "192.0.2.7, 10.0.0.1"}) {
    request.set_client_address(other);
    EXPECT_EQ(Map(request, config).http.forwarded_for, "") << other;
  }
}

MappingConfig Within(Duration request_timeout) {
  MappingConfig config;
  config.request_timeout = request_timeout;
  return config;
}

/// What the homeserver has for `request` of an edge that waits 200 s.
std::chrono::seconds TimeOf(v1::Request request, MappingConfig config = {}) {
  request.set_deadline_ms(200'000);
  return std::chrono::duration_cast<std::chrono::seconds>(Map(request, config).http.timeout);
}

TEST(ToHttp, JoinsAndInitialSyncsThenTheyHaveAllOfTheEdgesTime) {
  using std::chrono::seconds;
  for (const v1::Request& slow :
       {Ask(v1::POST, {"K", "!r:h"}), Ask(v1::POST, {"L", "#a:h"}),
        Ask(v1::POST, {"_matrix", "client", "v3", "join", "#a:h"}), Ask(v1::GET, {"7"}),
        Ask(v1::GET, {"7"}, {"timeout=0"}), Ask(v1::GET, {"7"}, {"since=", "timeout=30000"}),
        Ask(v1::GET, {"7"}, {"since=s1", "full_state=true"}),
        Ask(v1::POST, {"_matrix", "client", "v4", "sync"}, {"timeout=0"})}) {
    EXPECT_EQ(TimeOf(slow), seconds(199)) << slow.ShortDebugString();
  }
  for (const v1::Request& ordinary :
       {Ask(v1::GET, {"B", "!r:h"}), Ask(v1::PUT, {"9", "!r:h", "m", "1"}),
        Ask(v1::GET, {"7"}, {"since=s1", "timeout=0"}), Ask(v1::GET, {"7"}, {"since=s1"}),
        Ask(v1::POST, {"_matrix", "client", "v4", "sync"}, {"pos=5"})}) {
    EXPECT_EQ(TimeOf(ordinary), seconds(90)) << ordinary.ShortDebugString();
    EXPECT_EQ(TimeOf(ordinary, Within(seconds(20))), seconds(20));
  }
}

TEST(ToHttp, FirstPollThenAllOfTheEdgesTimeAndFurtherOnesThatOfTheirWait) {
  using std::chrono::seconds;
  auto request = Ask(v1::GET, {"7"});
  (void)request.mutable_observe();
  EXPECT_EQ(TimeOf(request), seconds(199));
  request.mutable_observe()->set_cursor(WriteCursor({.next_batch = "s1", .residue = {}}));
  EXPECT_EQ(TimeOf(request, Within(seconds(20))), seconds(75));
}

TEST(ToHttp, SyncThenItsOwnTimeoutPlusTheMargin) {
  using std::chrono::seconds;
  const MappingConfig config = Within(seconds(20));
  auto request = Ask(v1::GET, {"7"}, {"timeout=30000", "since=s1"});
  EXPECT_EQ(TimeOf(request, config), seconds(45));
  EXPECT_EQ(Map(request).http.target, "/_matrix/client/r0/sync?timeout=30000&since=s1");
  request.set_queries(0, "timeout=3600000");
  EXPECT_EQ(TimeOf(request, config), seconds(75));
  EXPECT_EQ(Map(request).http.target, "/_matrix/client/r0/sync?timeout=60000&since=s1");
  auto other = Ask(v1::GET, {"B", "!r:h"}, {"timeout=3600000"});
  EXPECT_EQ(Map(other).http.timeout, seconds(90));
  EXPECT_EQ(Map(other).http.target, "/_matrix/client/r0/rooms/!r:h/state?timeout=3600000");
}

TEST(ToHttp, WellKnownThenRedirectsAreFollowedForGetOnly) {
  const std::vector<std::string> path = {".well-known", "matrix", "client"};
  EXPECT_TRUE(Map(Ask(v1::GET, path)).http.follow_redirects);
  EXPECT_FALSE(Map(Ask(v1::POST, path)).http.follow_redirects);
  EXPECT_FALSE(Map(Ask(v1::GET, {"7"})).http.follow_redirects);
}

TEST(ToHttp, KeyTableThenTheAnswersOrRefused) {
  auto request = Ask(v1::GET, {"7"});
  EXPECT_EQ(Map(request).form.keys, transcode::KeyTable::kV1);
  request.set_key_table(0);
  EXPECT_EQ(Map(request).form.keys, transcode::KeyTable::kStrings);
  request.set_key_table(2);
  EXPECT_EQ(Refused(request), R"(4.00 60 {"errcode":"M_INVALID_PARAM","error":)"
                              R"("key table version 2 is unknown: this server has 0 and 1"})");
}

/// Method, label and body of a request; what the homeserver gets and the form of the answer.
struct ContentCase {
  const char* why;
  std::optional<uint32_t> format;
  std::string body;
  std::string sent;
  std::string type;
  bool cbor;
};

TEST(ToHttp, BodiesThenAsTheTableInContentSays) {
  const std::string json = R"({"event_id":1})";
  const std::string cbor = "\xa1\x01\x01";
  const std::string indefinite = "\xbf\x01\x01\xff";
  const std::string app = "application/json";
  for (const ContentCase& c : {
           ContentCase{"CBOR", 60, cbor, json, app, true},
           ContentCase{"JSON", 50, json, json, app, false},
           ContentCase{"JSON is not read", 50, "{broken", "{broken", app, false},
           ContentCase{"deployed tools label CBOR 42", 42, cbor, json, app, true},
           ContentCase{"and JSON", 42, " " + json, " " + json, app, true},
           ContentCase{"no label, CBOR", {}, indefinite, json, app, true},
           ContentCase{"no label, JSON", {}, "[1]", "[1]", app, true},
           ContentCase{"text label, JSON", 0, json, json, app, true},
           ContentCase{"octets", 42, "\x01\x02", "\x01\x02", "application/octet-stream", true},
           ContentCase{"text", 0, "hello", "hello", "text/plain; charset=utf-8", true},
           ContentCase{"no body, whatever the label", 42, "", "", "", true},
           ContentCase{"no body, JSON label", 50, "", "", "", true},
           ContentCase{"no body, unknown label", 99, "", "", "", true},
       }) {
    auto request = WithBody(Ask(v1::POST, {"1"}), c.format, c.body);
    const MappedRequest mapped = Map(request);
    EXPECT_EQ(mapped.http.body, c.sent) << c.why;
    EXPECT_EQ(mapped.http.content_type, c.type) << c.why;
    EXPECT_EQ(mapped.form.cbor, c.cbor) << c.why;
    request.set_accept(50);
    EXPECT_FALSE(Map(request).form.cbor) << c.why;
    request.set_accept(60);
    EXPECT_TRUE(Map(request).form.cbor) << c.why;
  }
}

TEST(ToHttp, ReaderThenDeployedLimitsUnlessItSaysMore) {
  const auto deepest = [](const v1::Request& request) {
    return Map(request).form.reader.depth_max;
  };
  auto request = Ask(v1::GET, {"7"});
  EXPECT_EQ(deepest(request), transcode::kDeployedDepthMax);
  request.set_content_format(60);
  EXPECT_EQ(deepest(request), transcode::kDeployedDepthMax);
  request.set_accept(60);
  EXPECT_EQ(deepest(request), transcode::kDepthMax);
  request.clear_accept();
  request.set_key_table(0);
  EXPECT_EQ(deepest(request), transcode::kDepthMax);
}

TEST(ToHttp, TokenThenItIsRememberedThatThereWasOne) {
  auto request = Ask(v1::GET, {"7"});
  EXPECT_FALSE(Map(request).form.had_token);
  request.set_token("t");
  EXPECT_TRUE(Map(request).form.had_token);
  EXPECT_TRUE(Map(Ask(v1::GET, {"7"}, {"access_token=t"})).form.had_token);
}

TEST(ToHttp, IntegersOfSixtyFourBitsThenTheyStayExact) {
  std::string body(
      "\xa2\x61"
      "a\x1b\xff\xff\xff\xff\xff\xff\xff\xff\x61"
      "b\x3b\x7f\xff\xff\xff\xff\xff\xff\xff",
      23);
  EXPECT_EQ(Map(WithBody(Ask(v1::PUT, {"9", "!r:h", "m.x", "1"}), 60, body)).http.body,
            R"({"a":18446744073709551615,"b":-9223372036854775808})");
}

TEST(ToHttp, GetWithABodyThenItIsIgnored) {
  const auto mapped = Map(WithBody(Ask(v1::GET, {"7"}), 50, "{}"));
  EXPECT_EQ(mapped.http.body, "");
  EXPECT_EQ(mapped.http.content_type, "");
  EXPECT_TRUE(mapped.form.cbor);
}

TEST(ToHttp, BodyUnderDeflateThenWhatItWas) {
  const std::string json = R"({"body":")" + std::string(300, 'x') + R"("})";
  const auto pack = [](std::string_view plain) {
    return std::string(AsText(transcode::Deflate(AsBytes(plain)).value()));
  };
  const auto put = [&](uint32_t format, std::string body) {
    return WithBody(Ask(v1::PUT, {"9", "!r:h", "m.x", "1"}), format, std::move(body));
  };
  EXPECT_EQ(Map(put(11050, pack(json))).http.body, json);
  EXPECT_EQ(Map(put(11060, pack(testing::Cbor(json)))).http.body, json);
  EXPECT_EQ(Map(put(11060, pack(testing::Cbor(json)))).http.content_type, "application/json");
  EXPECT_TRUE(Map(put(11060, pack(testing::Cbor(json)))).form.cbor);
  EXPECT_FALSE(Map(put(11050, pack(json))).form.cbor);
  EXPECT_EQ(Map(put(11050, pack(json))).form.compression, Compression::kNone)
      << "only Accept asks for it";
}

TEST(ToHttp, BodyUnderDeflateIsBrokenOrABombThenRefused) {
  const auto refused = [](std::string_view body) {
    return Refused(WithBody(Ask(v1::POST, {"1"}), 11060, std::string(body)));
  };
  EXPECT_TRUE(refused("x\x9c no stream").starts_with(R"(4.00 60 {"errcode":"M_NOT_JSON")"));
  const auto bomb = transcode::Deflate(Bytes(kInflatedBytesMax + 1, ' '));
  EXPECT_NE(refused(AsText(*bomb)).find("more than 1048576 bytes"), std::string::npos);
}

TEST(ToHttp, AcceptOfDeflateThenTheFormAndTheLargerReader) {
  auto request = Ask(v1::GET, {"7"});
  request.set_accept(11060);
  EXPECT_TRUE(Map(request).form.cbor);
  EXPECT_EQ(Map(request).form.compression, Compression::kDeflate);
  EXPECT_EQ(Map(request).form.reader.depth_max, transcode::kDepthMax);
  request.set_accept(11050);
  EXPECT_FALSE(Map(request).form.cbor);
  EXPECT_EQ(Map(request).form.compression, Compression::kDeflate);
}

TEST(ToHttp, PackedBodyThenWhatItWasAndTheAnswerTheSameWay) {
  const std::string json = R"({"body":"Is the harbour open?","msgtype":"m.text"})";
  const auto packed = transcode::Pack(AsBytes(testing::Cbor(json)));
  ASSERT_TRUE(packed);
  const auto mapped =
      Map(WithBody(Ask(v1::PUT, {"9", "!r:h", "m.x", "1"}), 65079, std::string(AsText(*packed))));
  EXPECT_EQ(mapped.http.body, json);
  EXPECT_EQ(mapped.http.content_type, "application/json");
  EXPECT_TRUE(mapped.form.cbor);
  EXPECT_EQ(mapped.form.compression, Compression::kPacked);
}

TEST(ToHttp, PackedBodyIsBrokenOrABombThenRefused) {
  const auto refused = [](ByteView body) {
    return Refused(WithBody(Ask(v1::POST, {"1"}), 65079, std::string(AsText(body))));
  };
  EXPECT_EQ(refused(AsBytes("no form")),
            R"(4.00 60 {"errcode":"M_NOT_JSON","error":"the packed body cannot be read: )"
            R"(syntax error at byte 0"})");
  const std::string spaces(kInflatedBytesMax, ' ');
  const auto bomb = transcode::Pack(AsBytes(testing::Cbor("[\"" + spaces + "\"]")));
  ASSERT_TRUE(bomb);
  EXPECT_NE(refused(*bomb).find("holds more than 1048576 bytes"), std::string::npos);
}

TEST(ToHttp, AcceptOfPackedThenTheFormAndTheLargerReader) {
  auto request = Ask(v1::GET, {"7"});
  request.set_accept(65079);
  EXPECT_TRUE(Map(request).form.cbor);
  EXPECT_EQ(Map(request).form.compression, Compression::kPacked);
  EXPECT_EQ(Map(request).form.reader.depth_max, transcode::kDepthMax);
}

TEST(ToHttp, UnknownFormatsThenRefusedWithTheExactStatus) {
  EXPECT_EQ(Refused(WithBody(Ask(v1::POST, {"1"}), 41, "<x/>")),
            R"(4.00 (415) 60 {"errcode":"M_NOT_JSON","error":)"
            R"x("Content-Format 41 is not supported: use 60 (CBOR), 50 (JSON), the same )x"
            R"x(under deflate, 11060 and 11050, or 65079 (packed)"})x");
  MappingConfig config;
  config.codes = coap::CodeSet::kRfc8075;
  EXPECT_EQ(Refused(WithBody(Ask(v1::POST, {"1"}), 41, "<x/>"), config).substr(0, 8), "4.15 60 ");
  auto request = Ask(v1::GET, {"7"});
  request.set_accept(42);
  EXPECT_EQ(
      Refused(request),
      R"(4.00 (406) 60 {"errcode":"M_UNRECOGNIZED","error":)"
      R"x("Accept 42 cannot be served: use 60 (CBOR), 50 (JSON), the same under deflate, 11060 and 11050, or 65079 (packed)"})x");
}

TEST(ToHttp, BadCborThenTheErrorNamesTheByte) {
  const auto refused = [](std::string body) {
    return Refused(WithBody(Ask(v1::POST, {"1"}), 60, std::move(body)));
  };
  EXPECT_EQ(refused("\xa1\x02").substr(0, 30), R"(4.00 60 {"errcode":"M_NOT_JSON)");
  EXPECT_EQ(refused("\xa1\x02\x40").substr(0, 30), R"(4.00 60 {"errcode":"M_BAD_JSON)");
  EXPECT_EQ(refused("\xa1\x02\xf9\x7e").substr(0, 30), R"(4.00 60 {"errcode":"M_NOT_JSON)");
  EXPECT_EQ(refused(std::string("\xa1\x0c\xf9\x7e\x00", 5)).substr(0, 30),
            R"(4.00 60 {"errcode":"M_BAD_JSON)");
  EXPECT_NE(refused("\xa1\x02\x40").find("byte 2"), std::string::npos) << refused("\xa1\x02\x40");
  EXPECT_EQ(refused("{}").substr(0, 30), R"(4.00 60 {"errcode":"M_NOT_JSON)") << "labelled CBOR";
}

TEST(ToHttp, UserAgentThenPassedOnInVisibleAscii) {
  const auto agent = [](std::string text) {
    v1::Request request = Ask(v1::GET, {"7"});
    request.set_user_agent(std::move(text));
    return Map(request).http.user_agent;
  };
  EXPECT_EQ(agent(""), "");
  EXPECT_EQ(agent("Phone/1.0 (x; y)"), "Phone/1.0 (x; y)");
  EXPECT_EQ(agent("a\r\nX-Evil: 1"), "a??X-Evil: 1");
  EXPECT_EQ(agent(std::string("a\0b\x7f\xc3\xa9", 6)), "a?b???");
  EXPECT_EQ(agent("  a  "), "a");
  EXPECT_EQ(agent("   "), "");
  EXPECT_EQ(agent(std::string(1000, 'x')), std::string(256, 'x'));
}

}  // namespace
}  // namespace lowband::translator::mapping
