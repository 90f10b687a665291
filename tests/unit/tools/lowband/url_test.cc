#include "tools/lowband/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lowband::tools {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Url Parse(std::string_view text) {
  const auto url = ParseUrl(text);
  EXPECT_TRUE(url) << url.error();
  return url.value_or(Url{});
}

TEST(ParseUrl, SchemesThenSecurityAndDefaultPort) {
  EXPECT_EQ(Parse("coaps://h/").port, kCoapsPort);
  EXPECT_EQ(Parse("coap://h/").port, kCoapPort);
  EXPECT_FALSE(Parse("coap://h/").secure);
  for (const char* text : {"https://h/", "http://h/", "HTTPS://h/"}) {
    EXPECT_TRUE(Parse(text).secure);
    EXPECT_EQ(Parse(text).port, kMatrixPort);
  }
  EXPECT_TRUE(Parse("h:99/x").secure);
  EXPECT_EQ(Parse("h:99/x").host, "h");
}

TEST(ParseUrl, HostAndPortThenTakenApart) {
  EXPECT_EQ(Parse("coaps://example.org:8008/x").host, "example.org");
  EXPECT_EQ(Parse("coaps://example.org:8008/x").port, 8008);
  EXPECT_EQ(Parse("coaps://[2001:db8::1]:99/x").host, "2001:db8::1");
  EXPECT_EQ(Parse("coaps://[2001:db8::1]:99/x").port, 99);
  EXPECT_EQ(Parse("coaps://[::1]").host, "::1");
  EXPECT_EQ(Parse("coaps://[fe80::1%25eth0]:9").host, "fe80::1%eth0");
  EXPECT_EQ(Parse("coaps://[fe80::1%25a%2db]").host, "fe80::1%a-b");
  EXPECT_EQ(Parse("coaps://[fe80::1%eth0]").host, "fe80::1%eth0");
  EXPECT_EQ(Parse("coaps://[fe80::1%2]").host, "fe80::1%2");
  EXPECT_EQ(Parse("https://h?a=b").host, "h");
  // RFC 3986 §6.2.3: an empty port is the default one.
  EXPECT_EQ(Parse("coap://h:/x").port, kCoapPort);
}

TEST(ParseUrl, PathThenDecodedSegments) {
  EXPECT_THAT(Parse("coap://h").path, IsEmpty());
  EXPECT_THAT(Parse("coap://h/").path, IsEmpty());
  EXPECT_THAT(Parse("coap://h/a/b").path, ElementsAre("a", "b"));
  EXPECT_THAT(Parse("coap://h/a/").path, ElementsAre("a", ""));
  EXPECT_THAT(Parse("coap://h/a//b").path, ElementsAre("a", "", "b"));
  EXPECT_THAT(Parse("coap://h/%21r%3Ax/%2F%3f%25#frag").path, ElementsAre("!r:x", "/?%"));
}

TEST(ParseUrl, QueryThenDecodedArguments) {
  EXPECT_THAT(Parse("coap://h/a?").queries, IsEmpty());
  EXPECT_THAT(Parse("coap://h/a?b=c&d=%26&e").queries, ElementsAre("b=c", "d=&", "e"));
  EXPECT_THAT(Parse("coap://h/a?u=http://x/y").queries, ElementsAre("u=http://x/y"));
  EXPECT_THAT(Parse("coap://h?a=b").queries, ElementsAre("a=b"));
}

TEST(ParseUrl, WrongThenErrorNamesIt) {
  for (const char* text : {"", "ftp://h/", "coap://", "coap:///x", "coap://h:0/", "coap://h:65536/",
                           "coap://h:x/", "coap://[::1", "coap://[fe80::1%]/",
                           "coap://[fe80::1%25%zz]/", "coap://[::1]x", "coap://::1/", "coap://u@h/",
                           "coap://h/%", "coap://h/%1", "coap://h/%zz", "coap://h/a?%zz"}) {
    const auto url = ParseUrl(text);
    ASSERT_FALSE(url) << text;
    EXPECT_THAT(url.error(), HasSubstr("\"" + std::string(text) + "\""));
  }
}

}  // namespace
}  // namespace lowband::tools
