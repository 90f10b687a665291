#include "services/translator/upstream/relay_head_parser.h"

#include <gtest/gtest.h>

#include "services/translator/upstream/limits.h"

namespace lowband::translator::upstream {
namespace {

std::string Parsed(const std::vector<std::string>& lines) {
  RelayHeadParser parser;
  for (const std::string& line : lines) {
    if (!parser.Add(line + "\r\n")) return "too large";
  }
  if (!parser.complete()) return "incomplete";
  const mapping::RelayAnswer& answer = parser.answer();
  std::string text = std::to_string(answer.status);
  if (answer.content_length) text += " " + std::to_string(*answer.content_length);
  for (const http::Field& field : answer.fields) text += " " + field.name + "=" + field.value;
  return text;
}

TEST(RelayHead, FinalHeadThenItsFields) {
  EXPECT_EQ(Parsed({"HTTP/1.1 200 OK", "A: b", "content-length:  7", "a:", ""}), "200 7 A=b a=");
  EXPECT_EQ(Parsed({"HTTP/1.1 200", ""}), "200");
  EXPECT_EQ(Parsed({"HTTP/1.1 200 OK", "A: b"}), "incomplete");
}

TEST(RelayHead, InformationalThenPassedOver) {
  EXPECT_EQ(Parsed({"HTTP/1.1 103 Early", "Link: x", "", "HTTP/1.1 204 None", "A: b", ""}),
            "204 A=b");
  EXPECT_EQ(Parsed({"HTTP/1.1 100 Continue", ""}), "incomplete");
}

TEST(RelayHead, TrailersThenPassedOver) {
  EXPECT_EQ(Parsed({"HTTP/1.1 200 OK", "", "Trailer: x", "HTTP/1.1 500 No", ""}), "200");
}

TEST(RelayHead, LengthThatDoesNotCountThenUnknown) {
  EXPECT_EQ(Parsed({"HTTP/1.1 200 OK", "Content-Length: 7", "Transfer-Encoding: chunked", ""}),
            "200 Transfer-Encoding=chunked");
  EXPECT_EQ(Parsed({"HTTP/1.1 200 OK", "Content-Length: 7", "Content-Length: 8", ""}), "200");
  EXPECT_EQ(Parsed({"HTTP/1.1 200 OK", "Content-Length: 7", "Content-Length: 7", ""}), "200 7");
  EXPECT_EQ(Parsed({"HTTP/1.1 200 OK", "Content-Length: x", ""}), "200");
  EXPECT_EQ(Parsed({"HTTP/1.1 204 None", "Content-Length: 0", ""}), "204");
}

TEST(RelayHead, MalformedLinesThenLeftOutAndFoldedOnesJoined) {
  EXPECT_EQ(Parsed({"HTTP/1.1 200 OK", "no colon", "A b: c", "A: b", "  c", ": d", ""}),
            "200 A=b c");
}

TEST(RelayHead, TooMuchThenRefused) {
  EXPECT_EQ(Parsed({"HTTP/1.1 200 OK", "A: " + std::string(kResponseHeaderBytesMax, 'x')}),
            "too large");
}

}  // namespace
}  // namespace lowband::translator::upstream
