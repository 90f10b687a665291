#include "services/translator/mapping/relay_rewrite.h"

#include <gtest/gtest.h>

#include "services/translator/mapping/gzip.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/relay_request.h"

namespace lowband::translator::mapping {
namespace {

const char* const kInside = R"({"m.homeserver":{"base_url":"http://inside"}})";
const char* const kPublic = R"({"m.homeserver":{"base_url":"https://public"}})";

RelayRewriter Advertising() {
  MappingConfig config;
  config.advertise = "https://public";
  return RelayRewriter(config);
}

RelayAnswer Answer(http::Fields fields = {}) {
  return {.status = 200, .fields = std::move(fields), .content_length = {}};
}

std::string Shown(const http::Fields& fields) {
  std::string text;
  for (const http::Field& field : fields) text += field.name + "=" + field.value + ";";
  return text;
}

/// What Prepare makes of an Accept-Encoding.
std::string AskedFor(const char* accept_encoding) {
  RelayHead head;
  if (accept_encoding != nullptr) head.fields = {{"accept-encoding", accept_encoding}};
  Advertising().Prepare(head);
  return head.fields.back().value;
}

TEST(RelayRewrite, AcceptEncodingThenGzipWhereTheClientTakesIt) {
  for (const char* yes :
       {"gzip", "br, GZIP;q=0.5", "*", "x-gzip", "gzip;q=1, *;q=0", "a,\tgzip "}) {
    EXPECT_EQ(AskedFor(yes), "gzip") << yes;
  }
  for (const char* no :
       {"", "br", "gzip;q=0", "gzip ; q=0.000", "*;q=0", "gzip;q=0, *", "gzipped"}) {
    EXPECT_EQ(AskedFor(no), "identity") << no;
  }
  EXPECT_EQ(AskedFor(nullptr), "identity");
}

TEST(RelayRewrite, RequestThenItAsksForTheWholeDocument) {
  RelayHead head;
  head.fields = {
      {"Range", "bytes=0-1"}, {"If-Range", "x"}, {"If-None-Match", "W/\"1\""}, {"A", "b"}};
  Advertising().Prepare(head);
  EXPECT_EQ(Shown(head.fields), "If-None-Match=W/\"1\";A=b;Accept-Encoding=identity;");
}

TEST(RelayRewrite, MethodsAndRoutesThenOnlyDocumentsApply) {
  const RelayRewriter advertising = Advertising();
  const RelayRewriter silent{MappingConfig{}};
  EXPECT_TRUE(advertising.Applies(Route::kLogin, "POST"));
  EXPECT_TRUE(advertising.Applies(Route::kWellKnownClient, "HEAD"));
  EXPECT_FALSE(advertising.Applies(Route::kWellKnownClient, "OPTIONS"));
  EXPECT_FALSE(advertising.Applies(Route::kSync, "GET"));
  EXPECT_FALSE(silent.Applies(Route::kLogin, "POST"));
  EXPECT_TRUE(silent.Applies(Route::kVersions, "GET"));
}

TEST(RelayRewrite, AnswerThenHeldOnlyIfItCanBeRead) {
  const RelayRewriter rewriter = Advertising();
  EXPECT_TRUE(rewriter.Wants(Answer(), "GET"));
  EXPECT_TRUE(rewriter.Wants(Answer({{"Content-Encoding", "gzip"}}), "POST"));
  EXPECT_TRUE(rewriter.Wants(Answer({{"Content-Encoding", "identity"}}), "GET"));
  EXPECT_FALSE(rewriter.Wants(Answer({{"Content-Encoding", "br"}}), "GET"));
  EXPECT_FALSE(rewriter.Wants(Answer({{"Content-Encoding", "gzip, gzip"}}), "GET"));
  EXPECT_FALSE(rewriter.Wants(Answer(), "HEAD"));
  RelayAnswer large = Answer();
  large.content_length = kRewriteBytesMax + 1;
  EXPECT_FALSE(rewriter.Wants(large, "GET"));
  RelayAnswer refused = Answer();
  refused.status = 403;
  EXPECT_FALSE(rewriter.Wants(refused, "GET"));
}

TEST(RelayRewrite, DocumentThenWhatNamesItsBytesFollows) {
  RelayAnswer answer = Answer({{"ETag", "\"v1\""},
                               {"Digest", "a"},
                               {"Content-MD5", "b"},
                               {"Repr-Digest", "c"},
                               {"Content-Digest", "d"},
                               {"Content-Type", "text/plain"},
                               {"Cache-Control", "max-age=5"}});
  std::string body = kInside;
  EXPECT_TRUE(Advertising().Rewrite(Route::kWellKnownClient, answer, body));
  EXPECT_EQ(body, kPublic);
  EXPECT_EQ(answer.content_length, body.size());
  EXPECT_EQ(Shown(answer.fields), "ETag=W/\"v1\";Content-Type=text/plain;Cache-Control=max-age=5;");
  answer.fields = {{"ETag", "W/\"v1\""}};
  body = kInside;
  EXPECT_TRUE(Advertising().Rewrite(Route::kWellKnownClient, answer, body));
  EXPECT_EQ(Shown(answer.fields), "ETag=W/\"v1\";");
}

TEST(RelayRewrite, NothingToChangeThenUntouched) {
  for (const char* same : {kPublic, "{}", "<html>", "", "{\"m.homeserver\":{\"base_u"}) {
    RelayAnswer answer = Answer({{"ETag", "\"v1\""}, {"Digest", "a"}});
    std::string body = same;
    EXPECT_FALSE(Advertising().Rewrite(Route::kWellKnownClient, answer, body)) << same;
    EXPECT_EQ(body, same);
    EXPECT_EQ(Shown(answer.fields), "ETag=\"v1\";Digest=a;");
  }
}

TEST(RelayRewrite, GzipThenItStaysGzip) {
  RelayAnswer answer = Answer({{"Content-Encoding", "gzip"}});
  std::string body = Gzip(kInside);
  EXPECT_TRUE(Advertising().Rewrite(Route::kWellKnownClient, answer, body));
  EXPECT_EQ(Gunzip(body, 1000), kPublic);
  EXPECT_EQ(answer.content_length, body.size());
}

TEST(RelayRewrite, BrokenGzipOrBombThenUntouched) {
  const std::string whole = Gzip(kInside);
  for (const std::string& packed :
       {whole.substr(0, whole.size() - 1), whole + "x", std::string(kInside),
        Gzip(std::string(kInside) + std::string(kRewriteBytesMax, ' '))}) {
    RelayAnswer answer = Answer({{"Content-Encoding", "gzip"}});
    std::string body = packed;
    EXPECT_FALSE(Advertising().Rewrite(Route::kWellKnownClient, answer, body));
    EXPECT_TRUE(body == packed);
  }
}

TEST(RelayRewrite, HeadAndNotModifiedThenTheyDescribeTheRewrittenOne) {
  for (const auto& [method, status] : {std::pair("HEAD", 200), std::pair("GET", 304)}) {
    RelayAnswer answer = Answer({{"ETag", "\"v1\""}});
    answer.status = static_cast<uint16_t>(status);
    answer.content_length = 5;
    Advertising().Describe(answer, method);
    EXPECT_FALSE(answer.content_length);
    EXPECT_EQ(Shown(answer.fields), "ETag=W/\"v1\";");
  }
  RelayAnswer error = Answer({{"ETag", "\"v1\""}});
  error.status = 404;
  error.content_length = 5;
  Advertising().Describe(error, "HEAD");
  EXPECT_EQ(error.content_length, 5u);
}

TEST(Gzip, BoundsThenNothingLongerIsMade) {
  EXPECT_EQ(Gunzip(Gzip(""), 10), "");
  EXPECT_EQ(Gunzip(Gzip("1234567890"), 10), "1234567890");
  EXPECT_EQ(Gunzip(Gzip("12345678901"), 10), std::nullopt);
  EXPECT_EQ(Gunzip("", 10), std::nullopt);
  const std::string exact(kRewriteBytesMax, 'a');
  EXPECT_TRUE(Gunzip(Gzip(exact), kRewriteBytesMax) == exact);
  EXPECT_EQ(Gunzip(Gzip(exact + "a"), kRewriteBytesMax), std::nullopt);
  EXPECT_EQ(Gunzip(Gzip(std::string(size_t{64} << 20, 'a')), kRewriteBytesMax), std::nullopt);
}

}  // namespace
}  // namespace lowband::translator::mapping
