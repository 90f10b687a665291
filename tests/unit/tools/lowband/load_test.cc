// `lowband load`: its parts, and the real program against a small server in this process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "libs/client/options.h"
#include "tests/support/responder.h"
#include "tests/support/run_program.h"
#include "tests/support/temporary_folder.h"
#include "tools/lowband/latency_histogram.h"
#include "tools/lowband/load_plan.h"

namespace lowband::tools {
namespace {

using client::Answer;
using client::Asked;
using client::Responder;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(LatencyHistogram, KnownTimesThenPercentilesWithinOnePercent) {
  LatencyHistogram histogram;
  for (int ms = 1; ms <= 1000; ++ms) histogram.Add(milliseconds(ms));
  EXPECT_EQ(histogram.count(), 1000u);
  EXPECT_NEAR(histogram.PercentileMs(0.5), 500, 5);
  EXPECT_NEAR(histogram.PercentileMs(0.9), 900, 9);
  EXPECT_NEAR(histogram.PercentileMs(0.99), 990, 10);
  EXPECT_NEAR(histogram.PercentileMs(1), 1000, 10);
  EXPECT_NEAR(histogram.MeanMs(), 500.5, 0.01);
  EXPECT_EQ(histogram.MaxMs(), 1000);
}

TEST(LatencyHistogram, EdgesThenCounted) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.PercentileMs(0.5), 0);
  histogram.Add(microseconds(0));
  histogram.Add(microseconds(-5));
  EXPECT_EQ(histogram.PercentileMs(1), 0);
  histogram.Add(std::chrono::hours(100));
  EXPECT_GT(histogram.PercentileMs(1), 4e6);
}

TEST(LatencyHistogram, EveryMagnitudeThenBucketHoldsItsValue) {
  for (uint64_t us = 1; us < (uint64_t{1} << 31); us = us * 3 / 2 + 1) {
    LatencyHistogram histogram;
    histogram.Add(microseconds(us));
    const double wanted = static_cast<double>(us) / 1000;
    EXPECT_NEAR(histogram.PercentileMs(0.5), wanted, wanted / 100) << us;
  }
}

TEST(LatencyHistogram, MergedThenSameAsOne) {
  LatencyHistogram one, two;
  one.Add(milliseconds(1));
  two.Add(milliseconds(3));
  one.Merge(two);
  EXPECT_EQ(one.count(), 2u);
  EXPECT_NEAR(one.MeanMs(), 2, 0.001);
  EXPECT_EQ(one.MaxMs(), 3);
}

std::vector<std::string> PathOf(const client::Request& request) {
  std::vector<std::string> path;
  for (const auto& option : request.options) {
    if (option.number == coap::OptionNumber::kUriPath) path.emplace_back(AsText(option.value));
  }
  return path;
}

TEST(LoadPlan, OperationThenRequestWithNumberFilledIn) {
  PlanOptions options;
  options.operations = {"PUT /_matrix/client/r0/rooms/!r:h/send/t/m{run}.{n} {\"body\":\"hi\"}"};
  const auto plan = LoadPlan::Make(options, *ParseUrl("coap://h"), "abcdef");
  ASSERT_TRUE(plan) << plan.error();
  const LoadOperation& operation = plan->Pick(0);
  EXPECT_TRUE(operation.has_number());
  const client::Request request = operation.Make(42);
  EXPECT_EQ(request.method, coap::kPut);
  EXPECT_THAT(PathOf(request), ElementsAre("9", "!r:h", "t", "mabcdef.0000042"));
  EXPECT_EQ(ToHex(request.body), "a1181b626869");
}

TEST(LoadPlan, WeightsThenProportionAndSpread) {
  PlanOptions options;
  options.operations = {"3*GET /a", "GET /b"};
  const auto plan = LoadPlan::Make(options, *ParseUrl("coap://h"), "");
  ASSERT_TRUE(plan) << plan.error();
  std::string names;
  for (uint64_t turn = 0; turn < 8; ++turn) names += PathOf(plan->Pick(turn).Make(0))[0];
  EXPECT_EQ(names, "aabaaaba");
}

TEST(LoadPlan, SimpleFlagsThenOneOperationEach) {
  PlanOptions options;
  options.gets = {"/a?x=1"};
  options.posts = {"/b"};
  options.data = "{}";
  const auto plan = LoadPlan::Make(options, *ParseUrl("coap://h/base"), "");
  ASSERT_TRUE(plan) << plan.error();
  ASSERT_EQ(plan->operations().size(), 2u);
  EXPECT_THAT(PathOf(plan->operations()[0].Make(0)), ElementsAre("base", "a"));
  EXPECT_TRUE(plan->operations()[0].Make(0).body.empty());
  EXPECT_EQ(ToHex(plan->operations()[1].Make(0).body), "a0");
}

TEST(LoadPlan, NamedOperationsThenAllParse) {
  for (const NamedOperation& named : NamedOperations()) {
    PlanOptions options;
    options.operations = {std::string(named.name)};
    const auto plan = LoadPlan::Make(options, *ParseUrl("coap://h"), "abcdef");
    ASSERT_TRUE(plan) << plan.error();
    EXPECT_EQ(PathOf(plan->Pick(0).Make(0))[0].size(), 1u) << named.name << " has no path code";
  }
}

TEST(LoadPlan, WrongThenErrorNamesTheOperation) {
  for (const char* text : {"nonsense", "GET", "GET nopath", "0*GET /x", "x*GET /x", "9999*GET /x",
                           "BREW /x", "PUT /x {", "GET /%zz"}) {
    PlanOptions options;
    options.operations = {text};
    const auto plan = LoadPlan::Make(options, *ParseUrl("coap://h"), "");
    ASSERT_FALSE(plan) << text;
    EXPECT_THAT(plan.error(), HasSubstr(text));
  }
  EXPECT_FALSE(LoadPlan::Make({}, *ParseUrl("coap://h"), ""));
}

class LoadTest : public testing::Test {
 protected:
  static const client::TestIdentity& Identity() {
    static const client::TestIdentity identity({"127.0.0.1"});
    return identity;
  }
  void Serve(coap::Code code, bool secure = false) {
    server_ = std::make_unique<Responder>(
        [this, code](const Asked& asked) {
          const std::lock_guard lock(mutex_);
          for (const std::string& segment : asked.path) segments_.insert(segment);
          const auto token = asked.options.find(256);
          if (token != asked.options.end()) tokens_.emplace_back(AsText(token->second));
          return Answer{code, {}, {0xa0}};
        },
        secure ? &Identity() : nullptr);
    url_ = (secure ? "coaps" : "coap") + std::string("://127.0.0.1:") +
           std::to_string(server_->port());
  }
  nlohmann::json Load(std::vector<std::string> arguments, int status = 0) {
    arguments.insert(arguments.begin(), {"load", "--json"});
    arguments.push_back(url_);
    const RunResult result = RunLowband(arguments);
    EXPECT_EQ(result.status, status) << result.err;
    return nlohmann::json::parse(result.out, nullptr, false);
  }

  std::multiset<std::string> Segments() {
    const std::lock_guard lock(mutex_);
    return segments_;
  }
  std::vector<std::string> Tokens() {
    const std::lock_guard lock(mutex_);
    return tokens_;
  }

  std::mutex mutex_;
  std::multiset<std::string> segments_;
  std::vector<std::string> tokens_;
  std::unique_ptr<Responder> server_;
  std::string url_;
};

TEST_F(LoadTest, RequestsThenExactlySoManyAndTheirBytes) {
  Serve(coap::kContent);
  const auto report = Load({"--get", "/x", "--sessions", "4", "--in-flight", "3", "-n", "200"});
  EXPECT_EQ(report["requests"], 200);
  EXPECT_EQ(report["failed"], 0);
  EXPECT_EQ(report["sessions"], 4);
  EXPECT_EQ(report["outcomes"]["2.05"], 200);
  EXPECT_EQ(report["latency_ms"].size(), 6u);
  EXPECT_EQ(report["traffic"]["datagrams_sent"], 200);
  EXPECT_EQ(report["traffic"]["bytes_sent"], 200 * (4 + 1 + 2));
  EXPECT_EQ(report["traffic"]["bytes_received"], 200 * (4 + 1 + 2));
  EXPECT_DOUBLE_EQ(report["wire_bytes_each"].get<double>(), 7 + 7 + 2 * 28);
  EXPECT_GT(report["requests_per_second"], 0);
  EXPECT_EQ(server_->answered(), 200u);
  EXPECT_EQ(server_->peers(), 4u);
}

TEST_F(LoadTest, ThreadsThenTheyShareTheWork) {
  Serve(coap::kContent);
  const auto report = Load({"--get", "/x", "--sessions", "5", "--threads", "3", "-n", "300"});
  EXPECT_EQ(report["requests"], 300);
  EXPECT_EQ(server_->answered(), 300u);
  EXPECT_EQ(server_->peers(), 5u);
}

TEST_F(LoadTest, NumbersThenAllDifferent) {
  Serve(coap::kContent);
  Load({"--get", "/{run}-{n}", "--sessions", "3", "--threads", "2", "-n", "100"});
  const auto segments = Segments();
  EXPECT_EQ(segments.size(), 100u);
  EXPECT_EQ(std::set<std::string>(segments.begin(), segments.end()).size(), 100u);
}

TEST_F(LoadTest, WarmUpThenNotCounted) {
  Serve(coap::kContent);
  const auto report = Load({"--get", "/x", "--warm-up", "50", "-n", "20"});
  EXPECT_EQ(report["requests"], 20);
  EXPECT_EQ(report["traffic"]["datagrams_sent"], 20);
  EXPECT_EQ(server_->answered(), 70u);
}

TEST_F(LoadTest, SecondsThenAboutSoLong) {
  Serve(coap::kContent);
  const auto report = Load({"--get", "/x", "--seconds", "0.3"});
  EXPECT_GT(report["requests"], 0);
  EXPECT_GT(report["seconds"], 0.2);
  EXPECT_EQ(report["requests"], server_->answered());
}

TEST_F(LoadTest, TokensThenOnceASession) {
  Serve(coap::kContent);
  const TemporaryFolder folder;
  const std::string tokens = "@" + folder.Write("tokens", "one\ntwo\n");
  Load({"--get", "/x", "--token", tokens, "--sessions", "4", "--in-flight", "4", "-n", "100"});
  EXPECT_THAT(Tokens(), testing::UnorderedElementsAre("one", "one", "two", "two"));
}

TEST_F(LoadTest, LostDatagramsThenRetransmittedAndReported) {
  Serve(coap::kContent);
  server_->Ignore(3);
  const auto report = Load({"--get", "/x", "--ack-timeout", "0.05", "-n", "10"});
  EXPECT_EQ(report["requests"], 10);
  EXPECT_EQ(report["failed"], 0);
  EXPECT_EQ(report["traffic"]["retransmissions"], 3);
}

TEST_F(LoadTest, ErrorAnswersThenFailedAndStatus1) {
  Serve(coap::kNotFound);
  const auto report = Load({"--get", "/x", "-n", "10"}, 1);
  EXPECT_EQ(report["failed"], 10);
  EXPECT_EQ(report["outcomes"]["4.04"], 10);
}

TEST_F(LoadTest, HandshakesThenSoManyAndResumed) {
  Serve(coap::kContent, true);
  const auto report = Load({"-k", "--operation", "handshake", "-n", "5"});
  EXPECT_EQ(report["handshakes"]["count"], 5);
  EXPECT_EQ(report["handshakes"]["failed"], 0);
  EXPECT_EQ(report["handshakes"]["resumed"], 0);
  EXPECT_EQ(report["requests"], 0);
  EXPECT_EQ(server_->peers(), 5u);
}

TEST_F(LoadTest, RequestsOverDtlsThenHandshakeApart) {
  Serve(coap::kContent, true);
  const auto report = Load({"-k", "--get", "/x", "-n", "20"});
  EXPECT_EQ(report["requests"], 20);
  EXPECT_EQ(report["handshakes"]["count"], 1);
  EXPECT_EQ(report["traffic"]["bytes_sent"], 20 * (7 + 37));
  EXPECT_GT(report["handshakes"]["traffic"]["bytes_received"], 500);
}

TEST_F(LoadTest, CpuOfProcessThenReported) {
  Serve(coap::kContent);
  const auto report = Load({"--get", "/x", "-n", "50", "--cpu-of", std::to_string(getpid())});
  EXPECT_GT(report["server"]["resident_bytes_after"], 1'000'000);
  EXPECT_GE(report["server"]["cpu_seconds"], 0);
}

TEST_F(LoadTest, TextReportThenFiguresInWords) {
  Serve(coap::kContent);
  const RunResult result = RunLowband({"load", "--get", "/x", "-n", "10", url_});
  EXPECT_THAT(result.out, HasSubstr("requests     10 in "));
  EXPECT_THAT(result.out, HasSubstr("on the wire  70.0 B each"));
  EXPECT_THAT(result.out, HasSubstr("latency      p50 "));
}

TEST_F(LoadTest, NobodyThereThenStatus1AndReason) {
  Serve(coap::kContent, true);
  server_->Ignore(1'000'000);
  const RunResult result = RunLowband({"load", "-k", "--get", "/x", "coaps://127.0.0.1:1"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("no operation succeeded"));
}

TEST_F(LoadTest, WrongFlagsThenStatus2) {
  EXPECT_EQ(RunLowband({"load", "coap://h"}).status, 2);
  EXPECT_EQ(RunLowband({"load", "--get", "x", "coap://h"}).status, 2);
  EXPECT_EQ(RunLowband({"load", "--get", "/x", "--sessions", "0", "coap://h"}).status, 2);
  EXPECT_EQ(RunLowband({"load", "--get", "/x", "--threads", "2", "coap://h"}).status, 2);
  EXPECT_EQ(RunLowband({"load", "--operation", "handshake", "coap://h"}).status, 2);
  EXPECT_EQ(
      RunLowband({"load", "-k", "--operation", "handshake", "--get", "/x", "coaps://h"}).status, 2);
}

}  // namespace
}  // namespace lowband::tools
