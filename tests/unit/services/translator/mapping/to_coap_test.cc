#include <gtest/gtest.h>

#include <set>

#include "libs/base/config_error.h"
#include "services/translator/mapping/json_edit.h"
#include "services/translator/mapping/limits.h"
#include "tests/support/mapping_fixture.h"

namespace lowband::translator::mapping {
namespace {

using testing::Http;
using testing::Show;

MappingConfig Rfc8075() {
  MappingConfig config;
  config.codes = coap::CodeSet::kRfc8075;
  return config;
}

std::string Answer(const HttpResponse& response, const AnswerForm& form = {},
                   const MappingConfig& config = {}) {
  return Show(Mapping(config).ToCoap(form, response));
}

std::string Answer(UpstreamFault fault, const AnswerForm& form = {},
                   const MappingConfig& config = {}) {
  return Show(Mapping(config).ToCoap(form, Failure(fault)));
}

AnswerForm JsonForm() {
  AnswerForm form;
  form.cbor = false;
  return form;
}

TEST(ToCoap, JsonThenCborWithTheKeysOfTheTable) {
  const ingress::ExchangeAnswer answer =
      Mapping({}).ToCoap({}, Http(200, R"({"room_id":"!r:h","age":12345,"x":0.5})"));
  EXPECT_EQ(ToHex(answer.body),
            "a3056421723a6811193039617"
            "8f93800");
  EXPECT_EQ(answer.head.code(), coap::kContent.value);
  EXPECT_EQ(answer.head.content_format(), 60u);
  EXPECT_FALSE(answer.head.has_http_status());
  EXPECT_FALSE(answer.head.has_max_age());
  AnswerForm strings;
  strings.keys = transcode::KeyTable::kStrings;
  EXPECT_EQ(ToHex(Mapping({}).ToCoap(strings, Http(200, R"({"age":1})")).body), "a16361676501");
}

TEST(ToCoap, JsonFormThenTheTextAsItCame) {
  EXPECT_EQ(Answer(Http(200, R"({"a": 1.0} )"), JsonForm()), R"(2.05 50 {"a": 1.0} )");
}

TEST(ToCoap, EmptyBodyThenAnEmptyMap) {
  EXPECT_EQ(Answer(Http(200, "", "")), "2.05 60 {}");
  EXPECT_EQ(Answer(Http(200, " \n", "text/plain")), "2.05 60 {}");
  EXPECT_EQ(Answer(Http(200, ""), JsonForm()), "2.05 50 {}");
  EXPECT_EQ(Answer(Http(204, "", "")), "2.05 (204) 60 {}");
  EXPECT_EQ(Answer(Http(204, "", ""), {}, Rfc8075()), "2.04 60 {}");
}

TEST(ToCoap, TopLevelArrayThenItStays) {
  EXPECT_EQ(Answer(Http(200, R"([{"type":"m.x"}])")), R"(2.05 60 [{"type":"m.x"}])");
}

TEST(ToCoap, ContentTypesThenJsonIsWhatIsJson) {
  for (const char* type :
       {"application/json", "Application/JSON; charset=utf-8", "application/json ;x=y",
        "application/problem+json", "text/plain", "application/octet-stream", ""}) {
    EXPECT_EQ(Answer(Http(200, R"({"a":1})", type)), R"(2.05 60 {"a":1})") << type;
  }
}

TEST(ToCoap, SuccessThatIsNotJsonThenBadGateway) {
  const std::string none =
      R"({"errcode":"M_UNKNOWN","error":"the homeserver's answer is no JSON"})";
  EXPECT_EQ(Answer(Http(200, "<html>hi</html>", "text/html")), "5.02 60 " + none);
  EXPECT_EQ(Answer(Http(200, "\x89PNG", "image/png"), JsonForm()), "5.02 50 " + none);
  EXPECT_EQ(Answer(Http(200, "{not json", "text/plain")).substr(0, 7), "5.02 60");
}

TEST(ToCoap, SuccessOfAnApiThatIsNotJsonThenOctetsAsTheyCame) {
  AnswerForm form;
  form.route = Route::kRendezvous;
  EXPECT_EQ(Answer(Http(200, "{not json", "text/plain"), form), "2.05 0 {not json");
  EXPECT_EQ(Answer(Http(200, "{}", "text/plain; charset=utf-8"), form), "2.05 0 {}");
  EXPECT_EQ(Answer(Http(200, "", "text/plain"), form), "2.05 0 ");
  EXPECT_EQ(Answer(Http(200, "x", "application/octet-stream"), form), "2.05 42 x");
  EXPECT_EQ(Answer(Http(202, "", "text/plain"), form), "2.05 (202) 60 {}");
  EXPECT_EQ(Answer(Http(201, R"({"url":"x"})"), form), R"(2.05 (201) 60 {"url":"x"})");
  form.route = Route::kAuthFallback;
  EXPECT_EQ(Answer(Http(200, "<html>hi</html>", "text/html"), form), "2.05 42 <html>hi</html>");
}

TEST(ToCoap, ByteOrderMarkThenTheDocumentBehindIt) {
  const std::string mark = "\xef\xbb\xbf";
  for (const AnswerForm& form : {AnswerForm{}, JsonForm()}) {
    const std::string format = form.cbor ? "60" : "50";
    EXPECT_EQ(Answer(Http(200, mark + R"({"a":1})"), form), "2.05 " + format + R"( {"a":1})");
    EXPECT_EQ(Answer(Http(400, mark + R"({"errcode":"M_X"})"), form),
              "4.00 " + format + R"( {"errcode":"M_X"})");
  }
}

// One bad value never fails a document.
TEST(ToCoap, ValuesThatCborOrTheClientDoesNotTakeThenTheyAloneAreReplaced) {
  const std::string deep = std::string(130, '[') + std::string(130, ']');
  const auto sync = [](const std::string& content) {
    return R"({"next_batch":"s1","to_device":{"events":[{"type":"m.x","sender":"@a:h","content":)" +
           content + R"(},{"type":"m.y","sender":"@b:h","content":{"b":1}}]}})";
  };
  const std::string left =
      R"({"next_batch":"s1","to_device":{"events":[{"type":"m.x","sender":"@a:h","content":{},)"
      R"("org.lowband.unrepresentable":"too_deep"},)"
      R"({"type":"m.y","sender":"@b:h","content":{"b":1}}]}})";
  EXPECT_EQ(Answer(Http(200, sync(deep))), "2.05 60 " + left);
  const ingress::ExchangeAnswer answer = Mapping({}).ToCoap({}, Http(200, sync(deep)));
  EXPECT_EQ(answer.mends.Total(), 1u);
  EXPECT_EQ(answer.mends.first_path, "to_device.events[0].content");
  // Deployed clients stop at 32 levels, others at ours; JSON has none.
  const std::string thirty = std::string(30, '[') + std::string(30, ']');
  EXPECT_EQ(Answer(Http(200, sync(thirty))), "2.05 60 " + left);
  AnswerForm ours;
  ours.reader = {};
  EXPECT_EQ(Answer(Http(200, sync(thirty)), ours), "2.05 60 " + sync(thirty));
  EXPECT_EQ(Answer(Http(200, sync(deep)), JsonForm()), "2.05 50 " + sync(deep));
  EXPECT_EQ(Mapping({}).ToCoap({}, Http(200, sync("{}"))).mends.Total(), 0u);
}

TEST(ToCoap, TextThatIsNotUtf8ThenRewritesAndErrorsAreReadAllTheSame) {
  MappingConfig advertised;
  advertised.advertise = "https://m.example.org";
  AnswerForm form;
  form.route = Route::kWellKnownClient;
  for (const bool cbor : {true, false}) {
    form.cbor = cbor;
    EXPECT_EQ(Answer(Http(200, "{\"m.homeserver\":{\"base_url\":\"http://h\"},\"x\":\"\xff\"}"),
                     form, advertised),
              std::string(cbor ? "2.05 60 " : "2.05 50 ") +
                  R"({"m.homeserver":{"base_url":"https://m.example.org"},"x":null})");
  }
  AnswerForm with_token;
  with_token.edge_token = true;
  EXPECT_EQ(Answer(Http(401, "{\"errcode\":\"M_UNKNOWN_TOKEN\",\"error\":\"\xff\"}"), with_token),
            R"(4.01 60 token refused {"errcode":"M_UNKNOWN_TOKEN","error":null})");
}

TEST(ToCoap, NoTokenGivenThenTheEdgeIsTold) {
  const auto missing = [](const char* errcode, bool had_token, uint16_t status = 401) {
    AnswerForm form;
    form.had_token = form.edge_token = had_token;
    const auto answer = Mapping({}).ToCoap(
        form, Http(status, std::string(R"({"errcode":")") + errcode + R"(","error":"x"})"));
    return answer.head.token_missing();
  };
  EXPECT_TRUE(missing("M_MISSING_TOKEN", false));
  EXPECT_FALSE(missing("M_MISSING_TOKEN", true));
  EXPECT_TRUE(missing("M_UNAUTHORIZED", false));
  EXPECT_FALSE(missing("M_UNAUTHORIZED", true));
  EXPECT_FALSE(missing("M_UNKNOWN_TOKEN", true));
  EXPECT_FALSE(missing("M_UNKNOWN_TOKEN", false));
  EXPECT_FALSE(missing("M_MISSING_TOKEN", false, 403));
}

// What is answered whatever the token is must not pass for the homeserver's word on it.
TEST(ToCoap, SuccessThenTheEdgeIsToldWhetherItsTokenWasTaken) {
  const auto taken = [](const AnswerForm& form, uint16_t status) -> std::optional<bool> {
    const auto answer = Mapping({}).ToCoap(form, Http(status, R"({"next_batch":"s"})"));
    if (!answer.head.has_token_taken()) return std::nullopt;
    return answer.head.token_taken();
  };
  AnswerForm form;
  form.had_token = form.edge_token = form.needs_token = true;
  EXPECT_EQ(taken(form, 200), true);
  EXPECT_EQ(taken(form, 201), true);
  EXPECT_EQ(taken(form, 401), std::nullopt);
  EXPECT_EQ(taken(form, 302), std::nullopt);
  form.poll.emplace();
  EXPECT_EQ(taken(form, 200), true);
  EXPECT_EQ(taken(form, 502), std::nullopt);
  form.poll.reset();
  form.needs_token = false;
  EXPECT_EQ(taken(form, 200), false);
  form.needs_token = true;
  form.edge_token = false;  // another one, in the query
  EXPECT_EQ(taken(form, 200), false);
}

TEST(ToCoap, SuccessLabelledJsonThatIsNoneThenBadGateway) {
  EXPECT_EQ(
      Answer(Http(200, R"({"a":)")).substr(0, 84),
      R"(5.02 60 {"errcode":"M_UNKNOWN","error":"the homeserver's answer cannot become CBOR: )");
  const std::string unclosed = std::string(129, '[') + std::string(128, ']');
  EXPECT_EQ(Answer(Http(200, unclosed)).substr(0, 7), "5.02 60");
}

TEST(ToCoap, StatusesThenTheCodesThatDeployedClientsKnow) {
  struct Case {
    uint16_t status;
    const char* deployed;
    const char* rfc8075;
  };
  for (const Case& c : {
           Case{200, "2.05", "2.05"},
           Case{201, "2.05 (201)", "2.01"},
           Case{400, "4.00", "4.00"},
           Case{401, "4.01", "4.01"},
           Case{403, "4.03", "4.03"},
           Case{404, "4.04", "4.04"},
           Case{405, "4.05", "4.05"},
           Case{409, "4.00 (409)", "4.09"},
           Case{413, "4.13", "4.13"},
           Case{418, "4.00 (418)", "4.00 (418)"},
           Case{500, "5.00", "5.00"},
           Case{501, "5.02 (501)", "5.01"},
           Case{502, "5.02", "5.02"},
           Case{504, "5.04", "5.04"},
           Case{599, "5.02 (599)", "5.02 (599)"},
       }) {
    const HttpResponse response = Http(c.status, R"({"errcode":"M_X"})");
    const std::string tail = R"( 60 {"errcode":"M_X"})";
    EXPECT_EQ(Answer(response), c.deployed + tail);
    EXPECT_EQ(Answer(response, {}, Rfc8075()), c.rfc8075 + tail);
  }
}

TEST(ToCoap, RedirectOrNoStatusThenBadGateway) {
  EXPECT_EQ(Answer(Http(302, "", "")),
            R"(5.02 60 {"errcode":"M_UNKNOWN","error":"the homeserver redirects elsewhere"})");
  for (const uint16_t status : {0, 101, 600, 65'535}) {
    EXPECT_EQ(
        Answer(Http(status, "{}")),
        R"(5.02 60 {"errcode":"M_UNKNOWN","error":"the homeserver's answer has no HTTP status"})");
  }
}

TEST(ToCoap, RedirectOfALoginThenItsLocationInTheBody) {
  HttpResponse response = Http(302, "", "");
  response.location = "https://idp.example.org/a?b=\"c\"";
  EXPECT_EQ(Answer(response).substr(0, 7), "5.02 60") << "of any other path";
  AnswerForm form;
  form.route = Route::kSsoRedirect;
  EXPECT_EQ(Answer(response, form),
            R"(5.02 (302) 60 {"errcode":"M_UNKNOWN","error":"open the location in a browser",)"
            R"("location":"https://idp.example.org/a?b=\"c\""})");
  response.location.clear();
  EXPECT_EQ(Answer(response, form).substr(0, 8), "5.02 60 ");
}

TEST(ToCoap, ErrorPageThenAMatrixErrorThatNamesTheStatus) {
  const auto error = [](uint16_t status, const char* errcode) {
    return std::string(R"({"errcode":")") + errcode + R"(","error":"HTTP )" +
           std::to_string(status) + R"( without a Matrix error, perhaps from a proxy"})";
  };
  const std::string page = "<html><h1>502 Bad Gateway</h1></html>";
  EXPECT_EQ(Answer(Http(502, page, "text/html")), "5.02 60 " + error(502, "M_UNKNOWN"));
  EXPECT_EQ(Answer(Http(502, page, "text/html"), JsonForm()), "5.02 50 " + error(502, "M_UNKNOWN"));
  EXPECT_EQ(Answer(Http(500, "", "")), "5.00 60 " + error(500, "M_UNKNOWN"));
  EXPECT_EQ(Answer(Http(404, page, "text/html")), "4.04 60 " + error(404, "M_UNRECOGNIZED"));
  EXPECT_EQ(Answer(Http(403, page, "text/html")), "4.03 60 " + error(403, "M_FORBIDDEN"));
  EXPECT_EQ(Answer(Http(413, page, "text/html")), "4.13 60 " + error(413, "M_TOO_LARGE"));
  EXPECT_EQ(Answer(Http(400, "[1]")), "4.00 60 " + error(400, "M_UNKNOWN"));
  EXPECT_EQ(Answer(Http(400, "{broken")), "4.00 60 " + error(400, "M_UNKNOWN"));
  EXPECT_EQ(Answer(Http(400, R"("text")")), "4.00 60 " + error(400, "M_UNKNOWN"));
}

TEST(ToCoap, RateLimitThenItsWaitIsInTheBodyAndInMaxAge) {
  HttpResponse response = Http(429, R"({"errcode":"M_LIMIT_EXCEEDED"})");
  response.retry_after_s = 7;
  const std::string filled = R"({"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":7000})";
  EXPECT_EQ(Answer(response), "4.00 (429) 60 " + filled);
  EXPECT_EQ(Answer(response, JsonForm()), "4.00 (429) 50 " + filled);
  EXPECT_EQ(Answer(response, {}, Rfc8075()), "4.29 60 max-age 7 " + filled);

  response.body = R"({"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":1500})";
  EXPECT_EQ(Answer(response), "4.00 (429) 60 " + response.body) << "the body's own stays";
  EXPECT_EQ(Answer(response, {}, Rfc8075()), "4.29 60 max-age 7 " + response.body);
  response.retry_after_s.reset();
  EXPECT_EQ(Answer(response, {}, Rfc8075()), "4.29 60 max-age 2 " + response.body) << "rounded up";

  response.body = R"({"errcode":"M_LIMIT_EXCEEDED"})";
  EXPECT_EQ(Answer(response, {}, Rfc8075()), "4.29 60 max-age 5 " + response.body)
      << "no hint: without Max-Age it would mean 60 s (RFC 7252)";
}

TEST(ToCoap, ServiceUnavailablePageThenItsWaitIsTold) {
  HttpResponse response = Http(503, "<html>", "text/html");
  response.retry_after_s = 120;
  const std::string body =
      R"({"errcode":"M_UNKNOWN","error":"HTTP 503 without a Matrix error, perhaps from a proxy",)"
      R"("retry_after_ms":120000})";
  EXPECT_EQ(Answer(response), "5.02 (503) 60 " + body);
  EXPECT_EQ(Answer(response, {}, Rfc8075()), "5.03 60 max-age 120 " + body);
}

TEST(ToCoap, RetryAfterOfOtherStatusesThenLeftAlone) {
  HttpResponse response = Http(400, R"({"errcode":"M_X"})");
  response.retry_after_s = 7;
  EXPECT_EQ(Answer(response, {}, Rfc8075()), R"(4.00 60 {"errcode":"M_X"})");
}

// The edge waits for the token only when there was none, neither its own nor one in the query.
TEST(ToCoap, MissingTokenThenToldOnlyOfARequestWithoutOne) {
  const std::string missing = R"({"errcode":"M_MISSING_TOKEN"})";
  AnswerForm form;
  EXPECT_EQ(Answer(Http(401, missing), form), "4.01 60 token missing " + missing);
  EXPECT_EQ(Answer(Http(403, missing), form), "4.03 60 " + missing);
  const std::string stages = R"({"flows":[]})";
  EXPECT_EQ(Answer(Http(401, stages), form), "4.01 60 " + stages);
  form.had_token = true;
  EXPECT_EQ(Answer(Http(401, missing), form), "4.01 60 " + missing);
}

TEST(ToCoap, UnknownTokenThenTheEdgesTokenEnds) {
  AnswerForm form;
  form.edge_token = true;
  const std::string unknown = R"({"errcode":"M_UNKNOWN_TOKEN","error":"x","soft_logout":true})";
  EXPECT_EQ(Answer(Http(401, unknown), form), "4.01 60 token refused " + unknown);
  EXPECT_EQ(Answer(Http(401, unknown)), "4.01 60 " + unknown) << "it was not the edge's";
  EXPECT_EQ(Answer(Http(403, unknown), form), "4.03 60 " + unknown);
}

TEST(ToCoap, Other401sThenTheTokenStays) {
  AnswerForm form;
  form.had_token = form.edge_token = true;
  for (const char* body : {
           R"({"flows":[{"stages":["m.login.password"]}],"session":"s"})",
           R"({"errcode":"M_FORBIDDEN","error":"Invalid password","flows":[],"session":"s"})",
           R"({"errcode":"M_USER_LOCKED","soft_logout":true})",
           R"({"errcode":"M_MISSING_TOKEN"})",
           R"({"nested":{"errcode":"M_UNKNOWN_TOKEN"}})",
       }) {
    EXPECT_EQ(Answer(Http(401, body), form), std::string("4.01 60 ") + body);
  }
  EXPECT_EQ(Answer(Http(401, "<html>", "text/html"), form),
            R"(4.01 60 {"errcode":"M_UNKNOWN","error":)"
            R"("HTTP 401 without a Matrix error, perhaps from a proxy"})");
}

TEST(ToCoap, EveryFaultThenAMatrixErrorWithItsCode) {
  const auto error = [](const char* text) {
    return std::string(R"({"errcode":"M_UNKNOWN","error":")") + text + "\"}";
  };
  const auto wait = [](const char* text) {
    return std::string(R"({"errcode":"M_UNKNOWN","error":")") + text +
           R"(","retry_after_ms":1000})";
  };
  struct Case {
    UpstreamFault fault;
    const char* code;
    const char* rfc8075;
    std::string body;
  };
  const std::vector<Case> cases = {
      {UpstreamFault::kConnect, "5.02", "5.02", error("the homeserver cannot be reached")},
      {UpstreamFault::kTls, "5.02", "5.02",
       error("the homeserver's TLS certificate or handshake was refused")},
      {UpstreamFault::kTimeout, "5.04", "5.04", error("the homeserver did not answer in time")},
      {UpstreamFault::kBroken, "5.02", "5.02", error("the connection to the homeserver broke")},
      {UpstreamFault::kTooLarge, "5.02", "5.02", error("the homeserver's answer is too large")},
      {UpstreamFault::kOverload, "5.02 (503)", "5.03",
       wait("too many requests wait for the homeserver")},
      {UpstreamFault::kTooManyPolls, "5.02 (503)", "5.03",
       R"({"errcode":"M_LIMIT_EXCEEDED","error":"too many long-polls are under way, and this access )"
       R"(token has the most","retry_after_ms":5000})"},
      {UpstreamFault::kUnavailable, "5.02 (503)", "5.03",
       wait("the homeserver was unreachable a moment ago")},
      {UpstreamFault::kCancelled, "5.02 (503)", "5.03", wait("the request was cancelled")},
      {UpstreamFault::kStopping, "5.02 (503)", "5.03", wait("the gateway is stopping")},
  };
  EXPECT_EQ(cases.size(), kUpstreamFaultCount);
  for (const Case& c : cases) {
    EXPECT_EQ(Answer(c.fault), c.code + (" 60 " + c.body));
    EXPECT_EQ(Answer(c.fault, JsonForm()), c.code + (" 50 " + c.body));
    const bool waits = std::string_view(c.rfc8075) == "5.03";
    const std::string later = c.fault == UpstreamFault::kTooManyPolls ? "5" : "1";
    EXPECT_EQ(Answer(c.fault, {}, Rfc8075()),
              std::string(c.rfc8075) + (waits ? " 60 max-age " + later + " " : " 60 ") + c.body);
  }
}

TEST(ToCoap, BrokenPostThenTheOutcomeIsUnknown) {
  AnswerForm form;
  form.repeatable = false;
  EXPECT_EQ(Answer(UpstreamFault::kBroken, form),
            R"(5.04 60 {"errcode":"M_UNKNOWN","error":)"
            R"("the connection to the homeserver broke; it may have carried out the request"})");
}

TEST(ToCoap, DocumentsThenRewrittenBeforeTheyAreConverted) {
  MappingConfig config;
  config.advertise = "https://public:8448";
  AnswerForm form;
  form.route = Route::kVersions;
  const std::string versions = R"({"versions":["v1.1"],"org.matrix.msc3079.low_bandwidth":)"
                               R"({"dtls":8448,"cbor_enum_version":1,"coap_enum_version":1,)"
                               R"("packed_65079":"8ce69d82"}})";
  EXPECT_EQ(Answer(Http(200, R"({"versions":["v1.1"]})"), form, config), "2.05 60 " + versions);
  form.cbor = false;
  EXPECT_EQ(Answer(Http(200, R"({"versions":["v1.1"]})"), form, config), "2.05 50 " + versions);
  EXPECT_EQ(Answer(Http(404, R"({"errcode":"M_X"})"), form, config),
            R"(4.04 50 {"errcode":"M_X"})");

  form.route = Route::kWellKnownClient;
  // Web servers often serve the file without its type.
  EXPECT_EQ(
      Answer(Http(200, R"({"m.homeserver":{"base_url":"http://in"}})", "text/plain"), form, config),
      R"(2.05 50 {"m.homeserver":{"base_url":"https://public:8448"}})");
}

TEST(ToCoap, BadAdvertisedUrlThenTheMappingRefusesToStart) {
  MappingConfig config;
  config.advertise = "nonsense";
  EXPECT_THROW(Mapping{config}, ConfigError);
}

TEST(ToCoap, AnyAnswerThenCborClientsGetAMapOrWhatWasJson) {
  // Deployed clients crash on an empty body, and on a byte string at the top.
  for (uint16_t status = 200; status < 600; ++status) {
    for (const char* body : {"", "{}", "x", "<html>", "{", "null"}) {
      for (const char* type : {"application/json", "text/html"}) {
        const ingress::ExchangeAnswer answer = Mapping({}).ToCoap({}, Http(status, body, type));
        EXPECT_FALSE(answer.body.empty()) << status << body;
        if (status < 300) continue;
        EXPECT_TRUE(IsJsonObject(testing::BodyJson(answer))) << status << body;
      }
    }
  }
}

TEST(ToCoap, LocationOfWhatWasMadeThenItsSegments) {
  AnswerForm form;
  form.route = Route::kRendezvous;
  const auto location = [&](std::string text, uint16_t status = 201) {
    HttpResponse response = Http(status, "{}");
    response.location = std::move(text);
    const ingress::ExchangeAnswer answer = Mapping(MappingConfig()).ToCoap(form, response);
    std::string path;
    for (const std::string& segment : answer.head.location_path()) path += "/" + segment;
    return path;
  };
  EXPECT_EQ(location("/a/b%20c/d?q#f"), "/a/b c/d");
  EXPECT_EQ(location("https://h:8/a/b"), "/a/b");
  EXPECT_EQ(location("https://h"), "");
  EXPECT_EQ(location("relative"), "");
  EXPECT_EQ(location("/1/2/3/4/5/6/7/8"), "/1/2/3/4/5/6/7/8");
  EXPECT_EQ(location("/1/2/3/4/5/6/7/8/9"), "");
  EXPECT_EQ(location("/" + std::string(256, 'x')), "");
  EXPECT_EQ(location("/a", 200), "");
}

}  // namespace
}  // namespace lowband::translator::mapping
