#include "libs/http/field.h"

#include <gtest/gtest.h>

namespace lowband::http {
namespace {

using namespace std::string_view_literals;

TEST(Token, IsOfItsCharactersOnly) {
  EXPECT_TRUE(IsToken("!#$%&'*+-.^_`|~09azAZ"));
  EXPECT_FALSE(IsToken(""));
  for (int byte = 0; byte < 256; ++byte) {
    const char one = static_cast<char>(byte);
    const bool expected = byte > 0x20 && byte < 0x7f &&
                          std::string_view("\"(),/:;<=>?@[\\]{}").find(one) == std::string::npos;
    EXPECT_EQ(IsToken({&one, 1}), expected) << byte;
  }
}

TEST(FieldValue, HasNoControlCharacters) {
  EXPECT_TRUE(IsFieldValue(""));
  EXPECT_TRUE(IsFieldValue("a \t b"));
  for (const std::string_view value : {" a"sv, "a "sv, "\ta"sv, "a\t"sv, " "sv, "a\0b"sv}) {
    EXPECT_FALSE(IsFieldValue(value)) << value;
  }
  for (int byte = 0; byte < 256; ++byte) {
    const std::string inside = {'a', static_cast<char>(byte), 'b'};
    EXPECT_EQ(IsFieldValue(inside), byte == '\t' || (byte >= 0x20 && byte != 0x7f)) << byte;
  }
}

TEST(SameToken, ComparesAsciiWithoutCase) {
  EXPECT_TRUE(SameToken("", ""));
  EXPECT_TRUE(SameToken("Content-LENGTH", "cONTENT-length"));
  EXPECT_FALSE(SameToken("a", "ab"));
  EXPECT_FALSE(SameToken("[", "{"));
  EXPECT_FALSE(SameToken("@", "`"));
  EXPECT_FALSE(SameToken("\xc3\x89", "\xc3\xa9"));
}

TEST(Fields, FindGivesTheFirstAndRemoveTakesAll) {
  Fields fields = {{"A", "1"}, {"b", "2"}, {"a", "3"}};
  ASSERT_NE(Find(fields, "a"), nullptr);
  EXPECT_EQ(*Find(fields, "a"), "1");
  EXPECT_EQ(Find(fields, "c"), nullptr);
  Remove(fields, "a");
  EXPECT_EQ(fields, (Fields{{"b", "2"}}));
}

TEST(Fields, HasElementLooksThroughAllLines) {
  const Fields fields = {{"A", "x, Y ,\tz"}, {"a", ""}, {"B", "n"}, {"A", ",,w"}};
  for (const std::string_view element : {"X", "y", "z", "w"}) {
    EXPECT_TRUE(HasElement(fields, "a", element)) << element;
  }
  EXPECT_FALSE(HasElement(fields, "a", "n"));
  EXPECT_FALSE(HasElement(fields, "a", "x, y"));
  EXPECT_FALSE(HasElement(fields, "c", "x"));
}

TEST(RemoveHopByHop, TakesOutWhatIsOfOneConnection) {
  Fields fields = {{"Host", "h"},
                   {"connection", "keep-alive, X-Hop"},
                   {"X-Hop", "1"},
                   {"x-other", "2"},
                   {"Connection", ", x-Other,, x-hop-2"},
                   {"x-hop-2", "3"},
                   {"Keep-Alive", "timeout=5"},
                   {"Proxy-Connection", "keep-alive"},
                   {"Proxy-Authenticate", "Basic"},
                   {"Proxy-Authorization", "Basic eA=="},
                   {"TE", "trailers"},
                   {"Trailer", "A"},
                   {"Transfer-Encoding", "chunked"},
                   {"Upgrade", "h2c"},
                   {"x-hop-3", "stays"}};
  RemoveHopByHop(fields);
  EXPECT_EQ(fields, (Fields{{"Host", "h"}, {"x-hop-3", "stays"}}));
}

TEST(RemoveHopByHop, LeavesWhatConnectionMustNotName) {
  const Fields kept = {{"Host", "h"},           {"authorization", "Bearer x"},
                       {"Cookie", "a=b"},       {"Content-Type", "application/json"},
                       {"Content-Length", "5"}, {"Content-Encoding", "gzip"},
                       {"Range", "bytes=0-1"},  {"X-Forwarded-For", "192.0.2.1"},
                       {"Origin", "null"},      {"Cache-Control", "no-store"}};
  Fields fields = kept;
  fields.push_back({"Connection",
                    "close, host, Authorization, cookie, content-type, content-length, "
                    "content-encoding, range, X-FORWARDED-FOR, origin, cache-control"});
  RemoveHopByHop(fields);
  EXPECT_EQ(fields, kept);
}

}  // namespace
}  // namespace lowband::http
