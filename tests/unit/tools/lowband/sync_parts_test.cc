// The parts of `lowband sync` that need no server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/client/options.h"
#include "tools/lowband/backoff.h"
#include "tools/lowband/exit_status.h"
#include "tools/lowband/sliding_batch.h"
#include "tools/lowband/sliding_request.h"
#include "tools/lowband/sync_batch.h"
#include "tools/lowband/sync_error.h"
#include "tools/lowband/sync_limits.h"
#include "tools/lowband/sync_summary.h"

namespace lowband::tools {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(SyncBatch, EverySectionThenEventsWithIt) {
  const auto batch = ReadBatch(
      R"({"next_batch":"s","account_data":{"events":[{"type":"a"}]},
          "presence":{"events":[{"type":"p","sender":"@b:hs"}]},
          "rooms":{"invite":{"!i":{"invite_state":{"events":[{"type":"i"}]}}},
                   "leave":{"!l":{"timeline":{"events":[{"type":"l","room_id":"!lie"}]}}},
                   "join":{"!j":{"state":{"events":[{"type":"s","event_id":"$1"}, 5]},
                                 "ephemeral":{"events":[{"type":"e"}]}}}}})",
      SyncFormat::kJson);
  ASSERT_TRUE(batch) << batch.error();
  std::vector<std::string> lines;
  for (const SyncEvent& event : batch->events) lines.push_back(event.line);
  EXPECT_THAT(lines, testing::ElementsAre(
                         R"({"section":"account_data","type":"a"})",
                         R"({"section":"presence","type":"p","sender":"@b:hs"})",
                         R"({"section":"invite.invite_state","room_id":"!i","type":"i"})",
                         R"({"section":"join.state","room_id":"!j","type":"s","event_id":"$1"})",
                         R"({"section":"join.ephemeral","room_id":"!j","type":"e"})",
                         R"({"section":"leave.timeline","room_id":"!l","type":"l"})"));
}

TEST(SlidingBatch, EverySectionThenEventsWithIt) {
  const auto batch = ReadSlidingBatch(
      R"({"pos":"5/s","lists":{"all":{"count":1}},
          "rooms":{"!i":{"invite_state":[{"type":"i"}]},
                   "!j":{"required_state":[{"type":"s","event_id":"$1"}, 5],
                         "timeline":[{"type":"t"}],"limited":true,"prev_batch":"p"},
                   "!n":{"initial":true,"limited":true,"timeline":[]}},
          "extensions":{"to_device":{"next_batch":"9","events":[{"type":"d"}]},
                        "account_data":{"global":[{"type":"a"}],"rooms":{"!j":[{"type":"b"}]}},
                        "receipts":{"rooms":{"!j":{"type":"r"}}},
                        "typing":{"rooms":{"!j":{"type":"y"}}}}})",
      SyncFormat::kJson);
  ASSERT_TRUE(batch) << batch.error();
  EXPECT_EQ(batch->next_batch, "5/s");
  EXPECT_EQ(batch->to_device, "9");
  std::vector<std::string> lines;
  for (const SyncEvent& event : batch->events) lines.push_back(event.line);
  EXPECT_THAT(
      lines,
      testing::ElementsAre(
          R"({"section":"to_device","type":"d"})", R"({"section":"account_data","type":"a"})",
          R"({"section":"invite_state","room_id":"!i","type":"i"})",
          R"({"section":"required_state","room_id":"!j","type":"s","event_id":"$1"})",
          R"({"section":"timeline","room_id":"!j","type":"t"})",
          R"({"section":"account_data","room_id":"!j","type":"b"})",
          R"({"section":"receipts","room_id":"!j","type":"r"})",
          R"({"section":"typing","room_id":"!j","type":"y"})"));
  ASSERT_EQ(batch->gaps.size(), 1u) << "a room new to the connection has none";
  EXPECT_EQ(batch->gaps[0].room_id, "!j");
  EXPECT_EQ(batch->gaps[0].prev_batch, "p");
}

TEST(SlidingBatch, NoResultOrNoJsonThenNothingOrError) {
  EXPECT_TRUE(ReadSlidingBatch("{}", SyncFormat::kLines)->next_batch.empty());
  EXPECT_FALSE(ReadSlidingBatch("[]", SyncFormat::kLines));
  for (const char* odd :
       {R"({"pos":"1","rooms":[],"extensions":7})",
        R"({"pos":"1","rooms":{"!r":3},"extensions":{"typing":{"rooms":[]}}})",
        R"({"pos":"1","extensions":{"to_device":[],"receipts":{"rooms":{"!r":1}}}})"}) {
    const auto batch = ReadSlidingBatch(odd, SyncFormat::kLines);
    ASSERT_TRUE(batch) << odd;
    EXPECT_TRUE(batch->events.empty()) << odd;
  }
}

TEST(SlidingRequest, PositionThenInTheToDeviceExtensionOnly) {
  EXPECT_EQ(WithToDeviceSince(R"({"extensions":{"to_device":{"enabled":true}},"x":1})", "9"),
            R"({"extensions":{"to_device":{"enabled":true,"since":"9"}},"x":1})");
  for (const char* without : {"{}", R"({"extensions":{}})", R"({"extensions":{"to_device":7}})"}) {
    EXPECT_EQ(WithToDeviceSince(without, "9"), without);
  }
  EXPECT_EQ(WithToDeviceSince(R"({"extensions":{"to_device":{}}})", ""),
            R"({"extensions":{"to_device":{}}})");
}

TEST(SlidingRequest, ParametersThenAnObjectWithoutPositionAndTimeout) {
  EXPECT_THAT(ReadParameters(""), HasSubstr("to_device"));
  EXPECT_EQ(ReadParameters(R"({"lists":{}})"), R"({"lists":{}})");
  for (const char* wrong : {"[]", "x", R"({"pos":"1"})", R"({"timeout":1})", "@/no/such/file"}) {
    EXPECT_THROW((void)ReadParameters(wrong), UsageError) << wrong;
  }
}

TEST(SyncBatch, ManyGapsThenTheFirstAreNamedAndAllCounted) {
  std::vector<SyncGap> gaps;
  for (size_t i = 0; i < kGapsShownMax + 2; ++i) gaps.push_back({"!" + std::to_string(i), ""});
  const auto lines = GapLines(gaps, false);
  ASSERT_EQ(lines.size(), kGapsShownMax + 1);
  EXPECT_THAT(lines[0], testing::HasSubstr("missing in !0 before"));
  EXPECT_THAT(lines[0], testing::HasSubstr("(prev_batch -)"));
  EXPECT_THAT(lines.back(), testing::HasSubstr("in 22 rooms"));
  EXPECT_EQ(GapLines(gaps, true).size(), 1u);
  EXPECT_TRUE(GapLines({}, true).empty());
}

TEST(SyncBatch, NoResultOrNoJsonThenNothingOrError) {
  const auto empty = ReadBatch("{}", SyncFormat::kLines);
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->next_batch.empty());
  EXPECT_FALSE(ReadBatch("[]", SyncFormat::kLines));
  EXPECT_FALSE(ReadBatch("{", SyncFormat::kLines));
  EXPECT_TRUE(
      ReadBatch(R"({"next_batch":"s","rooms":[],"presence":{"events":7}})", SyncFormat::kLines));
}

TEST(SyncBatch, DeepEventThenNoCrash) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const auto batch =
      ReadBatch(R"({"next_batch":"s","presence":{"events":[{"type":"p","content":)" + deep + "}]}}",
                SyncFormat::kJson);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->events.size(), 1u);
}

TEST(Printable, ControlsThenSpacesAndLongTextCut) {
  EXPECT_EQ(Printable("a\x1b[2Jb\x7f", 100), "a [2Jb ");
  EXPECT_EQ(Printable("a\xc2\x9b"
                      "31mb",
                      100),
            "a 31mb");
  EXPECT_EQ(Printable("a\xe2\x80\xae"
                      "b",
                      100),
            "a b");
  EXPECT_EQ(Printable("gr\xc3\xbc\xc3\x9f"
                      "e",
                      4),
            "gr\xc3\xbc\xc3\x9f…");
  EXPECT_EQ(Printable("four", 4), "four");
}

TEST(RecentEvents, SeenThenToldUntilForgotten) {
  RecentEvents recent;
  EXPECT_TRUE(recent.Add("$first"));
  EXPECT_FALSE(recent.Add("$first"));
  for (size_t i = 0; i < kRecentEventsMax; ++i) EXPECT_TRUE(recent.Add(std::to_string(i)));
  EXPECT_TRUE(recent.Add("$first"));
}

TEST(SyncSummary, MinutesWithoutBatchThenTheirBytes) {
  const TimePoint start{seconds(1000)};
  SyncSummary summary(start);
  summary.NoteDatagram(start + seconds(1), true, 500, 28);
  summary.NoteBatch(start + seconds(2), 4);
  summary.NoteDatagram(start + seconds(61), true, 41, 28);
  summary.NoteDatagram(start + seconds(62), false, 39, 28);
  // The third minute has nothing at all, the fourth is not over.
  const std::string text = summary.Text(start + seconds(200));
  EXPECT_THAT(text, HasSubstr("* 1 batches, 4 events, 0 reconnects\n"));
  EXPECT_THAT(text, HasSubstr("* 541 B sent in 2, 39 B received in 1 datagrams; 664 B with IP"));
  EXPECT_THAT(text, HasSubstr("* 145.0 B per event, 40.0 B per idle minute (of 2)\n"));
}

TEST(Backoff, WaitsThenDoubleWithinTheirBounds) {
  const auto random = MakeSeededRandom(1);
  Backoff backoff(seconds(1), seconds(5), *random);
  for (const int whole : {1, 2, 4, 5, 5}) {
    const Duration wait = backoff.Next();
    EXPECT_GE(wait, milliseconds(500) * whole);
    EXPECT_LE(wait, seconds(1) * whole);
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(), seconds(1));
}

TEST(SyncError, AnswersThenWhetherTheyPass) {
  const auto passes = [](coap::Code code, uint32_t status = 0) {
    client::Response response{1, code, {}, {}};
    if (status != 0) {
      response.options.push_back(client::UintOption(coap::OptionNumber::kHttpStatus, status));
    }
    return ReadError(response).passes;
  };
  EXPECT_TRUE(passes(coap::kBadGateway));
  EXPECT_TRUE(passes(coap::kTooManyRequests));
  EXPECT_TRUE(passes(coap::kBadRequest, 429));
  EXPECT_FALSE(passes(coap::kBadRequest));
  EXPECT_FALSE(passes(coap::kUnauthorized));
  EXPECT_FALSE(passes(coap::kNotFound));
}

TEST(SyncError, WaitOfTheServerThenTakenButBounded) {
  client::Response response{1, coap::kServiceUnavailable, {}, {}};
  response.options.push_back(client::UintOption(coap::OptionNumber::kMaxAge, 7));
  EXPECT_EQ(ReadError(response).wait, seconds(7));
  response.options = {client::UintOption(coap::OptionNumber::kContentFormat, coap::kFormatJson)};
  const std::string_view body = R"({"retry_after_ms":18446744073709551615,"error":"a\u001bb"})";
  response.body.assign(body.begin(), body.end());
  EXPECT_EQ(ReadError(response).wait, std::chrono::hours(1));
  EXPECT_THAT(ReadError(response).text, testing::EndsWith(": a b"));
}

}  // namespace
}  // namespace lowband::tools
