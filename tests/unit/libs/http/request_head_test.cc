#include "libs/http/request_head.h"

#include <gtest/gtest.h>

#include "libs/http/limits.h"
#include "tests/unit/libs/http/heads.h"

namespace lowband::http {
namespace {

/// A head that must be accepted.
RequestHead Read(std::string_view bytes) {
  const auto head = ParseRequestHead(bytes);
  if (!head || !*head) {
    ADD_FAILURE() << bytes << "\n" << Outcome(bytes);
    return {};
  }
  ExpectSameOfEveryPrefix(bytes);
  return **head;
}

RequestHead ReadWith(std::string_view fields, std::string_view line = "POST /a HTTP/1.1") {
  return Read(std::string(line).append("\r\nHost: h\r\n").append(fields).append("\r\n"));
}

TEST(RequestHead, ReadsLineFieldsAndSize) {
  const std::string_view text =
      "GET /_matrix/client/v3/sync?since=s1 HTTP/1.1\r\nHost: example.org\r\n"
      "Authorization: Bearer x\r\nX-Empty:\r\n\r\n";
  const RequestHead head = Read(std::string(text) + "the body");
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/_matrix/client/v3/sync?since=s1");
  EXPECT_FALSE(head.http10);
  EXPECT_EQ(head.fields,
            (Fields{{"Host", "example.org"}, {"Authorization", "Bearer x"}, {"X-Empty", ""}}));
  EXPECT_EQ(head.body, BodyForm::kNone);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.expects_continue);
  EXPECT_EQ(head.size, text.size());
}

TEST(RequestHeadReader, ByteByByteThenTheSameHeadOnceItIsWhole) {
  std::string text = "PUT /a HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 100; ++i)
    text += "X-" + std::to_string(i) + ": " + std::string(200, 'v') + "\r\n";
  text += "\r\n";
  RequestHeadReader reader;
  for (size_t size = 0; size < text.size(); ++size) {
    const auto early = reader.Read(std::string_view(text).substr(0, size));
    ASSERT_TRUE(early.has_value());
    ASSERT_FALSE(early->has_value());
  }
  const auto head = reader.Read(text);
  ASSERT_TRUE(head.has_value() && head->has_value());
  EXPECT_EQ((*head)->fields.size(), 101u);
  EXPECT_EQ((*head)->size, text.size());
}

TEST(RequestHeadReader, EndlessLineThenRefusedAtTheLimitAndNoiseWithinTwiceItsLength) {
  const std::string endless = "GET /" + std::string(kHeadBytesMax, 'a');
  RequestHeadReader reader;
  size_t size = 0;
  while (size <= kHeadBytesMax && reader.Read(std::string_view(endless).substr(0, size))) ++size;
  EXPECT_LE(size, kHeadBytesMax);
  const std::string noise = "\x16\x03\x01" + std::string(100, '\x01');
  RequestHeadReader other;
  EXPECT_FALSE(other.Read(noise).has_value()) << "TLS on a plain port is told at once";
}

TEST(RequestHead, OneEmptyLineBeforeItIsPassedOver) {
  const std::string_view text = "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(Read(text).size, text.size());
}

TEST(RequestHead, SpacesAroundAValueAreNotPartOfIt) {
  const RequestHead head = ReadWith("A:\t b \t\r\nC: \xc3\xa9  d\t\xff\r\nE: \t\r\n");
  EXPECT_EQ(*Find(head.fields, "a"), "b");
  EXPECT_EQ(*Find(head.fields, "c"), "\xc3\xa9  d\t\xff");
  EXPECT_EQ(*Find(head.fields, "e"), "");
}

TEST(RequestHead, TargetsKeepPathAndQuery) {
  const struct {
    std::string_view sent;
    std::string_view read;
  } cases[] = {
      {"/", "/"},
      {"//a//", "//a//"},
      {"/%2e%2E/%zz?%", "/%2e%2E/%zz?%"},
      {"/a?b={\"c\":[1|2]}^`<>\\'", "/a?b={\"c\":[1|2]}^`<>\\'"},
      {"/_matrix/client/v3/rooms/!r:h/send/m.room.message/1@$,;=+~*()&",
       "/_matrix/client/v3/rooms/!r:h/send/m.room.message/1@$,;=+~*()&"},
      {"/a??b", "/a??b"},
      {"/http://h/", "/http://h/"},
      {"http://example.org", "/"},
      {"https://example.org/", "/"},
      {"HTTPS://example.org:8448/a?b", "/a?b"},
      {"http://[2001:db8::1]:80/a", "/a"},
      {"http://192.0.2.1?a=/b", "/?a=/b"},
      {"http://h//a", "//a"},
  };
  for (const auto& one : cases) {
    const auto head = Read("GET " + std::string(one.sent) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(head.target, one.read) << one.sent;
  }
}

TEST(RequestHead, AnyMethodThatIsATokenIsRead) {
  for (const std::string method : {"GET", "PATCH", "get", "M-SEARCH", "!#$%&'*+-.^_`|~09aZ"}) {
    EXPECT_EQ(Read(method + " / HTTP/1.1\r\nHost: h\r\n\r\n").method, method);
  }
}

TEST(RequestHead, HostIsAHostOrEmpty) {
  for (const std::string host :
       {"", "h", "example.org", "example.org:443", "example.org:", "a_b-c.d~", "192.0.2.1:8008",
        "[::1]", "[::ffff:192.0.2.1]:1", "xn--e1afmkfd."}) {
    EXPECT_EQ(*Find(Read("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n").fields, "host"), host);
  }
}

TEST(RequestHead, Http10NeedsNoHost) {
  EXPECT_TRUE(Read("GET / HTTP/1.0\r\n\r\n").http10);
  EXPECT_TRUE(Read("GET / HTTP/1.0\r\nHost: h\r\n\r\n").http10);
}

TEST(RequestHead, BodyIsOfTheFormThatTheFieldsSay) {
  EXPECT_EQ(ReadWith("").body, BodyForm::kNone);
  const RequestHead empty = ReadWith("Content-Length: 0\r\n");
  EXPECT_EQ(empty.body, BodyForm::kLength);
  EXPECT_EQ(empty.content_length, 0u);
  EXPECT_EQ(ReadWith("content-length:\t12 \r\n").content_length, 12u);
  EXPECT_EQ(ReadWith("Content-Length: 0012\r\n").content_length, 12u);
  EXPECT_EQ(ReadWith("Content-Length: 9999999999999999999\r\n").content_length,
            9'999'999'999'999'999'999u);
  EXPECT_EQ(ReadWith("Transfer-Encoding: chunked\r\n").body, BodyForm::kChunked);
  EXPECT_EQ(ReadWith("transfer-encoding:CHUNKED\r\n").body, BodyForm::kChunked);
  EXPECT_EQ(ReadWith("Content-Length: 2\r\n", "GET / HTTP/1.1").content_length, 2u);
  EXPECT_EQ(ReadWith("Content-Length: 0\r\n", "HEAD / HTTP/1.1").body, BodyForm::kLength);
  EXPECT_EQ(ReadWith("Content-Length: 3\r\n", "PUT / HTTP/1.0").content_length, 3u);
}

TEST(RequestHead, ConnectionStaysOpenAsRfc9112Says) {
  const struct {
    std::string_view version;
    std::string_view fields;
    bool keep_alive;
  } cases[] = {
      {"HTTP/1.1", "", true},
      {"HTTP/1.1", "Connection: close\r\n", false},
      {"HTTP/1.1", "Connection: keep-alive\r\n", true},
      {"HTTP/1.1", "Connection: TE,\t, CLOSE\r\n", false},
      {"HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n", false},
      {"HTTP/1.1", "Connection: closed\r\n", true},
      {"HTTP/1.1", "Proxy-Connection: close\r\n", true},
      {"HTTP/1.0", "", false},
      {"HTTP/1.0", "Connection: Keep-Alive\r\n", true},
      {"HTTP/1.0", "Connection: keep-alive, close\r\n", false},
      {"HTTP/1.0", "Proxy-Connection: keep-alive\r\n", false},
  };
  for (const auto& one : cases) {
    const auto head = ReadWith(one.fields, "GET / " + std::string(one.version));
    EXPECT_EQ(head.keep_alive, one.keep_alive) << one.version << " " << one.fields;
  }
}

TEST(RequestHead, ContinueIsExpectedWithABodyOnly) {
  const std::string_view expect = "Expect: 100-Continue\r\n";
  const auto expects = [&](std::string_view fields, std::string_view line) {
    return ReadWith(std::string(expect).append(fields), line).expects_continue;
  };
  EXPECT_TRUE(expects("Content-Length: 1\r\n", "PUT / HTTP/1.1"));
  EXPECT_TRUE(expects("Transfer-Encoding: chunked\r\n", "PUT / HTTP/1.1"));
  EXPECT_FALSE(expects("Content-Length: 0\r\n", "PUT / HTTP/1.1"));
  EXPECT_FALSE(expects("", "PUT / HTTP/1.1"));
  EXPECT_FALSE(expects("Content-Length: 1\r\n", "PUT / HTTP/1.0"));
  EXPECT_FALSE(ReadWith("Content-Length: 1\r\n").expects_continue);
}

TEST(RequestHead, UpgradesToOtherProtocolsAreIgnored) {
  for (const std::string_view fields :
       {"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n", "Upgrade: websocket\r\n",
        "Connection: upgrade\r\n", "Connection: upgrade\r\nUpgrade: websockets\r\n"}) {
    EXPECT_EQ(ReadWith(fields).body, BodyForm::kNone);
  }
  // RFC 9110 §7.8
  EXPECT_TRUE(ReadWith("Connection: upgrade\r\nUpgrade: websocket\r\n", "GET / HTTP/1.0").http10);
}

TEST(RequestHead, LimitsAreReached) {
  const std::string target = "/" + std::string(kTargetBytesMax - 1, 'a');
  EXPECT_EQ(Outcome("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n").substr(0, 6), "GET /a");
  std::string fields = "Host: h\r\n";
  for (size_t i = 1; i < kFieldsMax; ++i) fields += "a:b\r\n";
  EXPECT_EQ(Outcome("GET / HTTP/1.1\r\n" + fields + "\r\n").substr(0, 5), "GET /");
  std::string large = "GET / HTTP/1.1\r\nHost: h\r\nA:";
  large += std::string(kHeadBytesMax - large.size() - 4, 'a') + "\r\n\r\n";
  ASSERT_EQ(large.size(), kHeadBytesMax);
  const auto head = ParseRequestHead(large + "GET");
  ASSERT_TRUE(head && *head);
  EXPECT_EQ((*head)->size, kHeadBytesMax);
  std::string options(kConnectionOptionsMax - 1, ',');
  EXPECT_FALSE(ReadWith("Connection: " + options + "close\r\n").keep_alive);
}

TEST(RequestHead, WhatFollowsIsLeftAlone) {
  const std::string_view first = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n";
  const std::string both = std::string(first).append("abcGET / HTTP/9\n\n");
  EXPECT_EQ(Read(both).size, first.size());
}

}  // namespace
}  // namespace lowband::http
