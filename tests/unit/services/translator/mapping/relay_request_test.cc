#include "services/translator/mapping/relay_request.h"

#include <gtest/gtest.h>

#include "libs/http/limits.h"
#include "services/translator/mapping/fault.h"
#include "services/translator/mapping/relay_answer.h"

namespace lowband::translator::mapping {
namespace {

v1::RelayRequest Ask(const std::string& method = "GET", const std::string& target = "/x") {
  v1::RelayRequest request;
  request.set_method(method);
  request.set_target(target);
  return request;
}

v1::RelayRequest With(v1::RelayRequest request, const std::string& name, const std::string& value) {
  v1::HttpField& field = *request.add_fields();
  field.set_name(name);
  field.set_value(value);
  return request;
}

MappingConfig Forwarding(bool forward) {
  MappingConfig config;
  config.forward_client_ip = forward;
  return config;
}

MappingConfig Tracing(uint64_t one_in) {
  MappingConfig config;
  config.trace_one_in = one_in;
  return config;
}

/// The fields that are sent, or what is wrong.
std::string Sent(const v1::RelayRequest& request, bool forward = false) {
  const auto head = MapRelayRequest(request, Forwarding(forward));
  if (!head) return "refused: " + head.error();
  std::string text;
  for (const http::Field& field : head->fields) text += field.name + "=" + field.value + ";";
  return text;
}

TEST(RelayRequest, FieldsThenTheClientsOwnPassInOrder) {
  v1::RelayRequest request = Ask();
  for (const char* name : {"User-Agent", "Accept-Encoding", "Cookie", "authorization", "Cookie"}) {
    request = With(request, name, "v");
  }
  EXPECT_EQ(Sent(request), "User-Agent=v;Accept-Encoding=v;Cookie=v;authorization=v;Cookie=v;");
}

TEST(RelayRequest, WaitsForNewsThenALongPoll) {
  const auto is_long = [](const std::string& target) {
    return MapRelayRequest(Ask("GET", target), {})->long_poll;
  };
  EXPECT_TRUE(is_long("/_matrix/client/v3/sync?since=s1&timeout=30000"));
  EXPECT_TRUE(is_long("/_matrix/client/r0/sync?filter=%7B%7D&timeout=1&since=a%2Fb"));
  EXPECT_FALSE(is_long("/_matrix/client/v3/sync?timeout=30000")) << "all there is, and not later";
  EXPECT_FALSE(is_long("/_matrix/client/v3/sync?since=s1&timeout=0"));
  EXPECT_FALSE(is_long("/_matrix/client/v3/sync?since=s1"));
  EXPECT_FALSE(is_long("/_matrix/client/v3/sync"));
  EXPECT_FALSE(is_long("/_matrix/client/v3/account/whoami?since=s1&timeout=30000"));
}

TEST(RelayRequest, TokenOrNoneThenItsOwner) {
  MappingConfig config;
  config.owner_key = OwnerKey{'k'};
  const auto owner = [&](const v1::RelayRequest& request) {
    return MapRelayRequest(request, config)->owner;
  };
  v1::RelayRequest request = Ask();
  request.set_forwarded_for("192.0.2.1, 198.51.100.2");
  EXPECT_EQ(owner(request), OwnerOf(config.owner_key, "", "192.0.2.1"));
  const Owner by_field = OwnerOf(config.owner_key, "Bearer t", "");
  EXPECT_EQ(owner(With(request, "authorization", "Bearer t")), by_field);
  request.set_target("/x?access_token=u%20v&a=b");
  EXPECT_EQ(owner(request), OwnerOf(config.owner_key, "u v", ""));
  EXPECT_EQ(owner(With(request, "Authorization", "Bearer t")), by_field);
}

TEST(RelayRequest, FieldsOfTheConnectionThenDropped) {
  for (const char* name :
       {"host", "Content-Length", "TRANSFER-ENCODING", "Expect", "Forwarded", "X-Forwarded-For",
        "x-forwarded-anything", "Connection", "Upgrade", "TE", "Keep-Alive", "HTTP2-Settings"}) {
    EXPECT_EQ(Sent(With(With(Ask(), name, "x"), "A", "b")), "A=b;") << name;
  }
}

TEST(RelayRequest, MalformedThenRefused) {
  for (const char* method : {"", "CONNECT", "TRACE", "G T", "GET\r\n"}) {
    EXPECT_EQ(Sent(Ask(method)), "refused: this method is not relayed") << method;
  }
  for (const std::string& target :
       {std::string(), std::string("x"), std::string("http://h/"), std::string("/a b"),
        std::string("/a\r\nb"), std::string("/\x7f"), std::string("/\xc3\xa4"),
        std::string("/\0", 2), "/" + std::string(http::kTargetBytesMax, 'x')}) {
    EXPECT_EQ(Sent(Ask("GET", target)), "refused: the target is not a path") << target;
  }
  for (const auto& [name, value] : {std::pair("", "x"), std::pair("A:", "x"), std::pair("A b", "x"),
                                    std::pair("A", "x\r\nB: y"), std::pair("A", "\x01")}) {
    EXPECT_EQ(Sent(With(Ask(), name, value)), "refused: a field is malformed") << name << value;
  }
  v1::RelayRequest many = Ask();
  for (size_t i = 0; i <= http::kFieldsMax; ++i) many = With(many, "A", "b");
  EXPECT_EQ(Sent(many), "refused: there are too many fields");
  v1::RelayRequest head = Ask("HEAD");
  head.set_has_body(true);
  EXPECT_EQ(Sent(head), "refused: HEAD has a body");
}

TEST(RelayRequest, ForwardedForThenOnlyAddressesAndOnlyWhereAllowed) {
  const auto from = [](const char* list) {
    v1::RelayRequest request = Ask();
    request.set_forwarded_for(list);
    return request;
  };
  EXPECT_EQ(Sent(from("192.0.2.1")), "");
  for (const char* list : {"192.0.2.1", "2001:db8::1", "192.0.2.1, 2001:db8::1,192.0.2.2"}) {
    EXPECT_EQ(Sent(from(list), true), "X-Forwarded-For=" + std::string(list) + ";");
  }
  for (const char* list :
       {"", "name", "192.0.2.1,", "192.0.2.1, x", "192.0.2.1:80", "1.2.3.4\r\n"}) {
    EXPECT_EQ(Sent(from(list), true), "") << list;
  }
  v1::RelayRequest proto = Ask();
  proto.set_forwarded_proto("https");
  EXPECT_EQ(Sent(proto, true), "X-Forwarded-Proto=https;");
  proto.set_forwarded_proto("gopher");
  EXPECT_EQ(Sent(proto, true), "");
}

TEST(RelayRequest, RequestIdThenToldAndOneOfTheClientsDropped) {
  v1::RelayRequest request = With(Ask(), "X-Request-Id", "the client's");
  EXPECT_EQ(Sent(request), "");
  request.set_request_id(std::string(16, '\x5a'));
  const std::string told = "X-Request-Id=5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a;";
  EXPECT_EQ(Sent(request), told);
  request.set_request_id("short");
  EXPECT_EQ(Sent(request), "");
}

TEST(RelayRequest, TraceThenPassedOnOrMadeWhereAskedFor) {
  const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  v1::RelayRequest request = Ask();
  request.set_request_id(std::string(16, '\x01'));
  const auto traceparent = [](const v1::RelayRequest& from, uint64_t one_in) {
    const auto head = MapRelayRequest(from, Tracing(one_in));
    const std::string* value = http::Find(head->fields, "traceparent");
    return value == nullptr ? "none" : *value;
  };
  EXPECT_EQ(traceparent(request, 0), "none");
  EXPECT_EQ(traceparent(request, 1), "00-01010101010101010101010101010101-0101010101010101-01");
  EXPECT_EQ(traceparent(request, 1'000'000'000).substr(52), "-00");
  const auto traced = With(With(request, "traceparent", parent), "tracestate", "a=b");
  EXPECT_EQ(traceparent(traced, 0), parent);
  EXPECT_EQ(traceparent(traced, 1), parent);
  EXPECT_NE(Sent(traced).find("tracestate=a=b;"), std::string::npos);
  EXPECT_EQ(traceparent(With(request, "traceparent", "00-x"), 0), "none");
}

TEST(RelayRequest, ExpectationThenOnlyWithABody) {
  v1::RelayRequest request = Ask("PUT");
  request.set_expects_continue(true);
  EXPECT_FALSE(MapRelayRequest(request, {})->expects_continue);
  request.set_has_body(true);
  EXPECT_TRUE(MapRelayRequest(request, {})->expects_continue);
  request.set_content_length(0);
  EXPECT_FALSE(MapRelayRequest(request, {})->expects_continue);
}

TEST(RelayRequest, TargetThenItsRoute) {
  EXPECT_EQ(RouteOfTarget("/_matrix/client/versions"), Route::kVersions);
  EXPECT_EQ(RouteOfTarget("/_matrix/client/versions?a=/b"), Route::kVersions);
  EXPECT_EQ(RouteOfTarget("/%5fmatrix/client/v3/login"), Route::kLogin);
  EXPECT_EQ(RouteOfTarget("/.well-known/matrix/client"), Route::kWellKnownClient);
  EXPECT_EQ(RouteOfTarget("/_matrix/media/v3/download/a/b"), Route::kOther);
  EXPECT_EQ(RouteOfTarget("/"), Route::kOther);
}

TEST(RelayAnswer, FieldsThenAllButTheConnections) {
  RelayAnswer answer{.status = 206,
                     .fields = {{"Set-Cookie", "a"},
                                {"Connection", "x-a"},
                                {"X-A", "1"},
                                {"set-cookie", "b"},
                                {"Date", "d"}},
                     .content_length = 7};
  const v1::RelayResponse response = ToRelayResponse(answer);
  EXPECT_EQ(response.status(), 206u);
  EXPECT_EQ(response.content_length(), 7u);
  ASSERT_EQ(response.fields_size(), 3);
  EXPECT_EQ(response.fields(0).value() + response.fields(1).value(), "ab");
}

TEST(RelayAnswer, FaultsThenTheSameAsOverCoap) {
  for (size_t i = 0; i < kUpstreamFaultCount; ++i) {
    const auto fault = static_cast<UpstreamFault>(i);
    for (const auto& [method, repeatable] : {std::pair("GET", true), std::pair("PUT", true),
                                             std::pair("POST", false), std::pair("PATCH", false)}) {
      const RelayError error = RelayErrorOf(fault, method);
      const Refusal refusal = RefusalOf(fault, repeatable);
      EXPECT_EQ(error.answer.status, refusal.http_status);
      EXPECT_NE(error.body.find(refusal.error), std::string::npos) << error.body;
      EXPECT_EQ(error.answer.content_length, error.body.size());
      EXPECT_EQ(http::Find(error.answer.fields, "Retry-After") != nullptr,
                refusal.http_status == 503);
      EXPECT_EQ(error.body.find("retry_after_ms") != std::string::npos, refusal.http_status == 503);
    }
  }
}

}  // namespace
}  // namespace lowband::translator::mapping
