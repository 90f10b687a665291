// `lowband request --batch`: the real program against a small server in this process.
#include "tools/lowband/request_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "libs/client/options.h"
#include "tests/support/responder.h"
#include "tests/support/run_program.h"
#include "tests/support/temporary_folder.h"

namespace lowband::tools {
namespace {

using client::Answer;
using client::Asked;
using client::Responder;
using coap::OptionNumber;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(BatchLine, MethodPathAndBody) {
  const auto line = ParseBatchLine(R"(put /a/b?c=d {"body": "x y"})");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->method, "PUT");
  EXPECT_EQ(line->target, "/a/b?c=d");
  EXPECT_EQ(line->body, R"({"body": "x y"})");
}

TEST(BatchLine, WithoutABody) {
  const auto line = ParseBatchLine("GET /a\r");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->target, "/a");
  EXPECT_EQ(line->body, "");
}

TEST(BatchLine, WithoutAPathThenAnError) {
  EXPECT_EQ(ParseBatchLine("GET").error(), "it is not METHOD PATH [BODY]");
  EXPECT_EQ(ParseBatchLine("GET a").error(), "its path does not begin with /");
}

class BatchTest : public testing::Test {
 protected:
  BatchTest()
      : server_(
            [this](const Asked& asked) {
              const std::lock_guard lock(mutex_);
              asked_.push_back(asked);
              const bool known = asked.path != std::vector<std::string>{"gone"};
              return Answer{known ? coap::kContent : coap::kNotFound,
                            {client::UintOption(OptionNumber::kContentFormat, coap::kFormatCbor)},
                            {0xa1, 0x18, 0x1b, 0x62, 'h', 'i'}};
            },
            &Identity()) {}

  static const client::TestIdentity& Identity() {
    static const client::TestIdentity identity({"127.0.0.1"});
    return identity;
  }
  RunResult Run(std::vector<std::string> arguments, const std::string& input) {
    arguments.insert(arguments.begin(), {"request", "-k"});
    arguments.push_back("coaps://127.0.0.1:" + std::to_string(server_.port()));
    return RunLowband(arguments, input);
  }
  static std::vector<nlohmann::json> Lines(const std::string& text) {
    std::vector<nlohmann::json> out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) out.push_back(nlohmann::json::parse(line));
    return out;
  }

  std::vector<Asked> Seen() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::vector<Asked> asked_;  ///< Written by the server's thread.
  Responder server_;
};

TEST_F(BatchTest, EachLineThenOneAnswer) {
  const RunResult result =
      Run({"--batch", "-", "--token", "tok"},
          "GET /_matrix/client/versions\n\nPUT /x?a=b {\"body\":\"hi\"}\nGET /y\n");
  EXPECT_EQ(result.status, 0) << result.err;
  const auto lines = Lines(result.out);
  ASSERT_EQ(lines.size(), 3u);
  for (const auto& line : lines) {
    EXPECT_EQ(line["code"], "2.05 Content");
    EXPECT_EQ(line["format"], 60);
    EXPECT_EQ(line["body_bytes"], 6);
    EXPECT_EQ(line["body"], (nlohmann::json{{"body", "hi"}}));
    EXPECT_EQ(line["datagrams_sent"], 1) << "of this request only, and no handshake";
    EXPECT_EQ(line["datagrams_received"], 1);
  }
  const std::vector<Asked> asked = Seen();
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_THAT(asked[0].path, ElementsAre("0"));
  EXPECT_EQ(asked[1].method, coap::kPut);
  EXPECT_THAT(asked[1].queries, ElementsAre("a=b"));
  EXPECT_EQ(ToHex(asked[1].body), "a1181b626869");
  EXPECT_LT(lines[2]["bytes_sent"], lines[0]["bytes_sent"]) << "the session has the token";
}

TEST_F(BatchTest, FileThenTheSame) {
  const TemporaryFolder folder;
  const RunResult result = Run({"--batch", folder.Write("batch", "GET /x\nGET /y\n")}, "");
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(Lines(result.out).size(), 2u);
}

TEST_F(BatchTest, AnErrorThenTheNextOnesAreStillMade) {
  const RunResult result = Run({"--batch", "-"}, "GET /gone\nGET /x\n");
  EXPECT_EQ(result.status, 1);
  const auto lines = Lines(result.out);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["code"], "4.04 Not Found");
  EXPECT_EQ(lines[1]["code"], "2.05 Content");
}

TEST_F(BatchTest, WrongLineThenStatus2AndItsNumber) {
  const RunResult result = Run({"--batch", "-"}, "GET /x\nGET\n");
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("line 2 of the batch: it is not METHOD PATH [BODY]"));
  EXPECT_THAT(Run({"--batch", "-"}, "GET /x {\n").err, HasSubstr("line 1 of the batch: the body"));
  EXPECT_EQ(Run({"--batch", "/nonexistent"}, "").status, 2);
  EXPECT_EQ(Run({"--batch", "-", "-d", "x"}, "").status, 2);
}

TEST_F(BatchTest, UrlWithAPathThenStatus2) {
  const RunResult result =
      RunLowband({"request", "--batch", "-", "coaps://127.0.0.1:1/_matrix/client"}, "");
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("the URL of a batch has no path"));
}

}  // namespace
}  // namespace lowband::tools
