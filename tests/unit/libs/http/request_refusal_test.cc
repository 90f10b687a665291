// Requests that must not get past us, most of them from published attacks: what one server of a
// chain reads as one request and the next as two.
#include <gtest/gtest.h>

#include <random>

#include "libs/http/limits.h"
#include "tests/unit/libs/http/heads.h"

namespace lowband::http {
namespace {

using namespace std::string_view_literals;

/// Refused for `fault` with `status`, by the whole and by every prefix that is not undecided.
void ExpectRefused(std::string_view bytes, uint16_t status, Fault fault) {
  const auto head = ParseRequestHead(bytes);
  ASSERT_FALSE(head.has_value()) << bytes << "\n" << Outcome(bytes);
  EXPECT_EQ(head.error().status, status) << bytes << "\n" << head.error().text;
  EXPECT_EQ(Text(head.error().fault), Text(fault)) << bytes << "\n" << head.error().text;
  EXPECT_FALSE(head.error().text.empty());
  ExpectSameOfEveryPrefix(bytes);
}

struct Case {
  std::string_view bytes;
  Fault fault;
  uint16_t status = 400;
};

TEST(RequestRefusal, RequestLinesThatAreNone) {
  constexpr Case kCases[] = {
      {"GET /\r\n", Fault::kRequestLine},  // HTTP/0.9
      {"GET\r\n", Fault::kRequestLine},
      {"\r\n\r\n", Fault::kRequestLine},
      {"\r\n\r\nGET / HTTP/1.1\r\n", Fault::kRequestLine},
      {" GET / HTTP/1.1\r\n", Fault::kRequestLine},
      {"GET  / HTTP/1.1\r\n", Fault::kRequestLine},
      {"GET /  HTTP/1.1\r\n", Fault::kRequestLine},
      {"GET / HTTP/1.1 \r\n", Fault::kRequestLine},
      {"GET / HTTP/1.1\t\r\n", Fault::kRequestLine},
      {"GET /a b HTTP/1.1\r\n", Fault::kRequestLine},
      {"GET / HTTP/1.1 HTTP/1.1\r\n", Fault::kRequestLine},
      {"GET\t/\tHTTP/1.1\r\n", Fault::kRequestLine},
      {"G\"T / HTTP/1.1\r\n", Fault::kRequestLine},
      {"GET: / HTTP/1.1\r\n", Fault::kRequestLine},
      {"G\xc3\x89T / HTTP/1.1\r\n", Fault::kRequestLine},
      {"\x16\x03\x01\x02", Fault::kRequestLine},  // TLS
      {"GET / http/1.1\r\n", Fault::kRequestLine},
      {"GET / HTTP/1.1.\r\n", Fault::kRequestLine},
      {"GET / HTTP/11\r\n", Fault::kRequestLine},
      {"GET / HTTP/1.10\r\n", Fault::kRequestLine},
      {"GET / HTTP/01.1\r\n", Fault::kRequestLine},
      {"GET / HTTP/1,1\r\n", Fault::kRequestLine},
      {"GET / HTTP/ 1.1\r\n", Fault::kRequestLine},
      {"GET / HTTP/0.9\r\n", Fault::kRequestLine},
      {"GET / XTTP/1.1\r\n", Fault::kRequestLine},
      {"HTTP/1.1 200 OK\r\n", Fault::kRequestLine},
      {"GET / HTTP/1.2\r\n", Fault::kVersion, 505},
      {"GET / HTTP/2.0\r\n", Fault::kVersion, 505},
      {"GET / HTTP/9.9\r\n", Fault::kVersion, 505},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Fault::kVersion, 505},  // RFC 9113 §3.4
      {"CONNECT h:443 HTTP/1.1\r\n", Fault::kMethod, 405},
      {"connect / HTTP/1.1\r\n", Fault::kMethod, 405},
      {"TRACE / HTTP/1.1\r\n", Fault::kMethod, 405},
  };
  for (const Case& one : kCases) ExpectRefused(one.bytes, one.status, one.fault);
}

TEST(RequestRefusal, TargetsThatAreNeitherPathNorUrl) {
  for (const std::string_view target : {"*",
                                        "a",
                                        "?a",
                                        "h:80",
                                        "example.org/a",
                                        "ftp://h/",
                                        "http:/h/",
                                        "http//h/",
                                        "http:h",
                                        "http://",
                                        "http:///a",
                                        "https://?a",
                                        "http://u@h/",
                                        "http://u:p@h/a",
                                        "http://h\\@e/",
                                        "http://h,e/",
                                        "http://h:1x/",
                                        "http://:80/",
                                        "http://[::1/",
                                        "http://[]/",
                                        "http://[::1]x/",
                                        "httpx://h/",
                                        "/a#b",
                                        "#",
                                        "http://h#/",
                                        "http://h/#",
                                        "/a\tb",
                                        "/a\x7f",
                                        "/\x01",
                                        "/\xc3\xa9",
                                        "/a\\b",
                                        "/..\\..\\a?b",
                                        "http://h/\\a",
                                        "\\a"}) {
    ExpectRefused("GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n", 400,
                  Fault::kTarget);
  }
}

TEST(RequestRefusal, LineEndsOtherThanCrLf) {
  for (const std::string_view bytes : {
           "GET / HTTP/1.1\n"sv,
           "GET / HTTP/1.1\nHost: h\n\n"sv,
           "\nGET / HTTP/1.1\r\n"sv,
           "\rGET / HTTP/1.1\r\n"sv,
           "GET / HTTP/1.1\rHost: h\r\n\r\n"sv,
           "GET / HTTP/1.1\r\r\nHost: h\r\n\r\n"sv,
           "GET /\r HTTP/1.1\r\n"sv,
           "GET /\0 HTTP/1.1\r\n"sv,
           "GET / HTTP/1.1\r\nHost: h\n\r\n"sv,
           "GET / HTTP/1.1\r\nHost: h\n"sv,
           "GET / HTTP/1.1\r\nHost: h\r\n\n"sv,
           "GET / HTTP/1.1\r\nHost: h\r\n\rGET"sv,
           "GET / HTTP/1.1\r\nHost: h\rX"sv,
           "GET / HTTP/1.1\r\nHost: h\0.example\r\n\r\n"sv,
           "GET / HTTP/1.1\r\nHost: h\r\nA: b\0"sv,
           "GET / HTTP/1.1\r\nHost: h\r\nA: b\nTransfer-Encoding: chunked\r\n\r\n"sv,
           "GET / HTTP/1.1\r\nHost: h\r\nA: b\rTransfer-Encoding: chunked\r\n\r\n"sv,
           "GET / HTTP/1.1\r\nHost: h\r\nA\0: b\r\n\r\n"sv,
       }) {
    ExpectRefused(bytes, 400, Fault::kLineEnd);
  }
}

TEST(RequestRefusal, FieldLinesThatAreNone) {
  for (const std::string_view line : {"Transfer-Encoding : chunked",
                                      "Transfer-Encoding\t: chunked",
                                      "Content-Length : 5",
                                      " Transfer-Encoding: chunked",
                                      "\tTransfer-Encoding: chunked",
                                      " ",
                                      "\t",
                                      "Transfer-Encoding",
                                      ": chunked",
                                      "a b: c",
                                      "a\x0b: c",
                                      "\xc2\xa0: c",
                                      "Transfer\xe2\x80\x90"
                                      "Encoding: chunked",
                                      "a,b: c",
                                      "a(b): c",
                                      "a/b: c",
                                      "a@b: c",
                                      "\"a\": c",
                                      "a: b\x01",
                                      "a: b\x0b",
                                      "a: b\x0c"
                                      "c",
                                      "a: b\x7f",
                                      "a: \x08"
                                      "b",
                                      "a: \x1b[31m",
                                      "Transfer-Encoding:\x0b"
                                      "chunked",
                                      "Transfer-Encoding: chunked\x0c",
                                      "Content-Length: 5\x0b"}) {
    const std::string bare(line);
    ExpectRefused("POST / HTTP/1.1\r\nHost: h\r\n" + bare + "\r\n\r\n", 400, Fault::kField);
    ExpectRefused("POST / HTTP/1.1\r\n" + bare + "\r\nHost: h\r\n\r\n", 400, Fault::kField);
  }
  // Known before the line ends.
  ExpectRefused("POST / HTTP/1.1\r\n ", 400, Fault::kField);
  ExpectRefused("POST / HTTP/1.1\r\nHost: h\r\nA: b\r\n\tc", 400, Fault::kField);
}

TEST(RequestRefusal, HostsThatAreMissingManyOrNone) {
  ExpectRefused("GET / HTTP/1.1\r\n\r\n", 400, Fault::kHost);
  ExpectRefused("GET http://h/ HTTP/1.1\r\n\r\n", 400, Fault::kHost);
  ExpectRefused("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400, Fault::kHost);
  ExpectRefused("GET / HTTP/1.1\r\nHost: h\r\nhost:\r\n\r\n", 400, Fault::kHost);
  ExpectRefused("GET / HTTP/1.0\r\nHost: a\r\nHOST: b\r\n\r\n", 400, Fault::kHost);
  for (const std::string host :
       {"a b",  "a,b",   "a, b",     "u@h", "http://h",  "h/",  "h/a",     "h?",      "h#",  "h:x",
        "h:-1", "h:1:2", "h:123456", ":80", "[::1",      "[]",  "[::1]80", "[::1]:x", "[h]", "::1",
        "h\\a", "h;a",   "\"h\"",    "<h>", "h\xc3\xa9", "'h'", "$h",      "h\tb"}) {
    ExpectRefused("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", 400, Fault::kHost);
  }
}

void ExpectFieldsRefused(std::string_view fields, uint16_t status, Fault fault,
                         std::string_view line = "POST / HTTP/1.1") {
  std::string bytes = std::string(line).append("\r\nHost: h\r\n").append(fields);
  ExpectRefused(bytes.append("\r\n\r\n0\r\n\r\n"), status, fault);
}

TEST(RequestRefusal, ContentLengthsThatReadersDisagreeOn) {
  for (const std::string value : {"",
                                  "+5",
                                  "-5",
                                  "-0",
                                  "5 5",
                                  "5\t5",
                                  "5,5",
                                  "5, 5",
                                  ",5",
                                  "5,",
                                  "0x5",
                                  "5h",
                                  "5.0",
                                  "5e0",
                                  "1_0",
                                  "\"5\"",
                                  "five",
                                  "5;a",
                                  "99999999999999999999",
                                  "18446744073709551616",
                                  "00000000000000000005",
                                  "\xd9\xa5",
                                  "0, 5",
                                  "5\xa0"}) {
    ExpectFieldsRefused("Content-Length: " + value, 400, Fault::kContentLength);
  }
  for (const std::string_view fields :
       {"Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 0\r\nA: b\r\ncontent-length: 5", "Content-Length:\r\nContent-Length: 5"}) {
    ExpectFieldsRefused(fields, 400, Fault::kContentLength);
  }
  ExpectFieldsRefused("Content-Length: 1", 400, Fault::kContentLength, "HEAD / HTTP/1.1");
}

TEST(RequestRefusal, TransferEncodingsThatReadersDisagreeOn) {
  for (const std::string value : {"",
                                  ",",
                                  "chunked,",
                                  ", chunked",
                                  ",chunked",
                                  "chunked, chunked",
                                  "chunked,chunked",
                                  "chunked, identity",
                                  "chunked, gzip",
                                  "chunked;q=1",
                                  "chunked;",
                                  "\"chunked\"",
                                  "'chunked'",
                                  "chunked chunked",
                                  "xchunked",
                                  "chunke",
                                  "chunkedx",
                                  "cow",
                                  "cow, pig",
                                  "chunked, cow",
                                  "x chunked",
                                  "gzip,, chunked",
                                  "gzip;a, chunked",
                                  "chunked\xa0",
                                  "chunked gzip",
                                  "[chunked]",
                                  "ch\xc3\xbcnked",
                                  "chun\xe2\x84\xaa"
                                  "ed"}) {
    ExpectFieldsRefused("Transfer-Encoding: " + value, 400, Fault::kTransferEncoding);
  }
  for (const std::string_view fields : {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                                        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
                                        "Transfer-Encoding: identity\r\ntransfer-encoding: chunked",
                                        "Transfer-Encoding:\r\nTransfer-Encoding: chunked"}) {
    ExpectFieldsRefused(fields, 400, Fault::kTransferEncoding);
  }
  ExpectFieldsRefused("Transfer-Encoding: chunked", 400, Fault::kTransferEncoding,
                      "POST / HTTP/1.0");
  ExpectFieldsRefused("Transfer-Encoding: chunked", 400, Fault::kTransferEncoding,
                      "HEAD / HTTP/1.1");
}

TEST(RequestRefusal, TransferCodingsThatExistAreNotImplemented) {
  for (const std::string value :
       {"gzip", "GZIP", "x-gzip", "deflate", "compress", "x-compress", "identity", "gzip, chunked",
        "gzip ,deflate\t, Chunked", "identity, chunked", "cow, chunked", "gzip, deflate"}) {
    ExpectFieldsRefused("Transfer-Encoding: " + value, 501, Fault::kTransferEncoding);
  }
}

TEST(RequestRefusal, BothLengthsWhateverTheySay) {
  for (const std::string_view fields :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 0\r\nTransfer-Encoding: identity",
        "Content-Length: x\r\nTransfer-Encoding: chunked", "Content-Length:\r\nTransfer-Encoding:",
        "Content-Length: 1\r\nContent-Length: 2\r\nTransfer-Encoding: gzip, chunked",
        "content-length: 5\r\nConnection: content-length\r\nTRANSFER-ENCODING: chunked"}) {
    ExpectFieldsRefused(fields, 400, Fault::kBothLengths);
    ExpectFieldsRefused(fields, 400, Fault::kBothLengths, "GET / HTTP/1.0");
  }
}

TEST(RequestRefusal, UpgradeToWebSocketIsNotImplemented) {
  for (const std::string_view fields :
       {"Connection: Upgrade\r\nUpgrade: websocket",
        "Upgrade: h2c, WebSocket\r\nConnection: keep-alive\r\nConnection: UPGRADE"}) {
    ExpectFieldsRefused(fields, 501, Fault::kUpgrade, "GET / HTTP/1.1");
  }
}

TEST(RequestRefusal, OtherExpectationsFail) {
  for (const std::string_view fields :
       {"Expect: 100-continue, a", "Expect: 200-ok", "Expect:", "Expect: 100-continue;a=b",
        "Expect: 100-continue\r\nExpect: cow", "Expect: 100"}) {
    ExpectFieldsRefused(fields, 417, Fault::kExpectation);
  }
}

TEST(RequestRefusal, TargetIsTooLong) {
  const std::string line = "GET /" + std::string(kTargetBytesMax, 'a');
  const auto refused = [](std::string_view bytes) {
    const auto head = ParseRequestHead(bytes);
    return !head && head.error().status == 414 && head.error().fault == Fault::kTargetTooLong;
  };
  EXPECT_TRUE(refused(line));  // before it ends
  EXPECT_TRUE(refused(line + " HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_TRUE(refused(line + std::string(kHeadBytesMax, 'a')));
  EXPECT_EQ(Outcome(std::string_view(line).substr(0, line.size() - 1)), "not yet");
  ExpectSameOfEveryPrefix(line + "\n HTTP/1.1\r\nHost: h\r\n\r\n", 61);
}

TEST(RequestRefusal, HeadIsTooLarge) {
  const auto refused = [](std::string_view bytes) {
    const auto head = ParseRequestHead(bytes);
    ExpectSameOfEveryPrefix(bytes, 509);
    return !head && head.error().status == 431 && head.error().fault == Fault::kHeadTooLarge;
  };
  const std::string line = "GET / HTTP/1.1\r\nHost: h\r\n";
  const std::string endless = line + "A: " + std::string(kHeadBytesMax, 'a');
  EXPECT_TRUE(refused(endless));
  EXPECT_TRUE(refused(std::string_view(endless).substr(0, kHeadBytesMax)));
  EXPECT_EQ(Outcome(std::string_view(endless).substr(0, kHeadBytesMax - 1)), "not yet");
  EXPECT_TRUE(refused(endless + "\r\n\r\n"));
  EXPECT_TRUE(refused(std::string(kHeadBytesMax, 'A')));  // a method
  std::string one_more = line + "A:";
  one_more += std::string(kHeadBytesMax - one_more.size() - 3, 'a') + "\r\n\r\n";
  EXPECT_TRUE(refused(one_more));
  std::string many = line;
  for (size_t i = 0; i < kFieldsMax; ++i) many += "a:b\r\n";
  EXPECT_TRUE(refused(many));
  const std::string options(kConnectionOptionsMax, ',');
  EXPECT_TRUE(refused(line + "Connection: close" + options + "\r\n\r\n"));
  EXPECT_TRUE(refused(line + "Connection: a\r\nConnection: b" + options.substr(1) + "\r\n\r\n"));
}

// Heads put together at random from what matters to the reader.
TEST(RequestRefusal, PrefixesOfRandomHeadsNeverSayOtherwise) {
  constexpr std::string_view kPieces[] = {
      "GET",
      "POST",
      "HEAD",
      " ",
      "/",
      "/a?b",
      "http://h",
      " HTTP/1.1",
      " HTTP/1.0",
      "\r\n",
      "\r\n",
      "\r\n",
      "\r\n\r\n",
      "\r",
      "\n",
      "\0"sv,
      "\t",
      ":",
      "Host: h\r\n",
      "Host: h\r\n",
      "Content-Length: 5\r\n",
      "Transfer-Encoding: chunked\r\n",
      "Expect: 100-continue\r\n",
      "GET / HTTP/1.1\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\n",
      "Connection: close\r\n",
      ",",
      "\\",
  };
  std::mt19937 random(20);
  int accepted = 0;
  for (int round = 0; round < 5'000; ++round) {
    std::string head = round % 2 == 0 ? "POST / HTTP/1.1\r\nHost: h\r\n" : "";
    for (int i = static_cast<int>(random() % 6); i >= 0; --i) {
      head += kPieces[random() % std::size(kPieces)];
    }
    head += "\r\n\r\n";
    const auto parsed = ParseRequestHead(head);
    if (parsed && *parsed) ++accepted;
    ExpectSameOfEveryPrefix(head);
  }
  EXPECT_GT(accepted, 250);
}

}  // namespace
}  // namespace lowband::http
