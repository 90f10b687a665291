#include "services/translator/mapping/poll_answer.h"

#include <gtest/gtest.h>

#include "libs/coap/code.h"
#include "services/translator/mapping/cursor.h"
#include "services/translator/mapping/mapping.h"
#include "services/translator/mapping/sliding_answer.h"
#include "services/translator/mapping/sync_answer.h"
#include "tests/support/mapping_fixture.h"
#include "tests/unit/services/translator/mapping/sliding_bodies.h"
#include "tests/unit/services/translator/mapping/sync_bodies.h"

namespace lowband::translator::mapping {
namespace {

using testing::Http;
using testing::kIdleBodies;
using testing::kIdleSynapse;
using testing::With;

constexpr const char* kError = R"({"errcode":"M_X","error":"why"})";

AnswerForm Plain() {
  AnswerForm form;
  form.route = Route::kSync;
  form.edge_token = true;
  return form;
}

AnswerForm First() {
  AnswerForm form = Plain();
  form.poll.emplace();
  return form;
}

/// The poll after an answer with `body`.
AnswerForm After(const std::string& body) {
  AnswerForm form = Plain();
  form.poll = PollForm{ReadSyncAnswer(body).value().residue};
  return form;
}

ingress::ExchangeAnswer Answer(const AnswerForm& form, const HttpResponse& response) {
  return Mapping({}).ToCoap(form, response);
}

std::string Outcome(const ingress::ExchangeAnswer& answer) {
  if (!answer.head.has_poll()) return "none";
  const v1::Poll& poll = answer.head.poll();
  EXPECT_EQ(poll.outcome() == v1::Poll::CHANGED, !poll.cursor().empty());
  std::string text = v1::Poll::Outcome_Name(poll.outcome());
  if (poll.retry_after_s() != 0) text += " " + std::to_string(poll.retry_after_s());
  return text;
}

/// Everything but the poll is what a request without observation gets.
void ExpectOrdinary(const AnswerForm& form, const HttpResponse& response) {
  ingress::ExchangeAnswer polled = Answer(form, response);
  AnswerForm plain = form;
  plain.poll.reset();
  const ingress::ExchangeAnswer ordinary = Answer(plain, response);
  EXPECT_FALSE(ordinary.head.has_poll());
  polled.head.clear_poll();
  EXPECT_EQ(polled.head.SerializeAsString(), ordinary.head.SerializeAsString());
  EXPECT_EQ(polled.body, ordinary.body);
}

TEST(PollAnswer, FirstPollThenChangedWhateverItSays) {
  for (const std::string& body : kIdleBodies) {
    const ingress::ExchangeAnswer answer = Answer(First(), Http(200, body));
    EXPECT_EQ(Outcome(answer), "CHANGED") << body;
    const auto cursor = ReadCursor(answer.head.poll().cursor());
    ASSERT_TRUE(cursor);
    EXPECT_EQ(cursor->next_batch, ReadSyncAnswer(body)->next_batch);
    EXPECT_EQ(cursor->residue, ReadSyncAnswer(body)->residue);
    ExpectOrdinary(First(), Http(200, body));
  }
}

TEST(PollAnswer, PollThatOnlyTimedOutThenUnchangedWithoutBodyOrCursor) {
  for (const std::string& body : kIdleBodies) {
    for (const bool cbor : {true, false}) {
      AnswerForm form = After(body);
      form.cbor = cbor;
      const ingress::ExchangeAnswer answer = Answer(form, Http(200, body));
      EXPECT_EQ(Outcome(answer), "UNCHANGED") << body;
      EXPECT_EQ(answer.head.code(), coap::kContent.value);
      EXPECT_FALSE(answer.head.has_content_format());
      EXPECT_TRUE(answer.body.empty());
    }
  }
}

TEST(PollAnswer, SyncWithABadValueThenItGoesOn) {
  const std::string deep = std::string(20'000, '[') + std::string(20'000, ']');
  for (const std::string& bad : {deep, std::string("\"\xff\"")}) {
    const std::string body =
        R"({"to_device":{"events":[{"type":"m.x","sender":"@a:h","content":{"a":)" + bad +
        R"(}}]},"next_batch":"s2"})";
    for (const auto& form : {First(), After(kIdleSynapse)}) {
      const ingress::ExchangeAnswer answer = Answer(form, Http(200, body));
      EXPECT_EQ(Outcome(answer), "CHANGED");
      const auto cursor = ReadCursor(answer.head.poll().cursor());
      ASSERT_TRUE(cursor);
      EXPECT_EQ(cursor->next_batch, "s2");
      EXPECT_EQ(answer.mends.Total(), 1u);
      EXPECT_EQ(answer.mends.first_path, "to_device.events[0].content");
      EXPECT_NE(testing::BodyJson(answer).find(R"("content":{},"org.lowband.unrepresentable":)"),
                std::string::npos);
    }
  }
}

TEST(PollAnswer, AnyAdditionThenChanged) {
  for (const std::string& body : kIdleBodies) {
    for (const std::string& addition : testing::kAdditions) {
      const HttpResponse response = Http(200, With(body, addition, true));
      EXPECT_EQ(Outcome(Answer(After(body), response)), "CHANGED") << response.body;
      ExpectOrdinary(After(body), response);
    }
  }
}

TEST(PollAnswer, ResidueThatGoesAwayThenChangedOnce) {
  const std::string more = With(kIdleSynapse, R"("org.example.extension":{"events":[1]})", true);
  EXPECT_EQ(Outcome(Answer(After(more), Http(200, kIdleSynapse))), "CHANGED");
  EXPECT_EQ(Outcome(Answer(After(kIdleSynapse), Http(200, kIdleSynapse))), "UNCHANGED");
}

TEST(PollAnswer, SuccessThatIsNoSyncThenFailedWithAnErrorForAnyForm) {
  struct Case {
    uint16_t status;
    std::string body;
    const char* type;
  };
  for (const Case& c : {
           Case{200, "", ""},
           Case{200, "{}", "application/json"},
           Case{200, R"({"next_batch":7})", "application/json"},
           Case{200, R"({"next_batch":"s",)", "application/json"},
           Case{200, "<html>", "text/html"},
           Case{200, "[]", "application/json"},
           Case{200,
                R"({"next_batch":"s","x":)" + std::string(129, '[') + std::string(128, ']') + "}",
                "application/json"},
           Case{204, "", ""},
           Case{206, R"({"next_batch":"s"})", "application/json"},
       }) {
    for (const AnswerForm& form : {First(), After(kIdleSynapse)}) {
      const ingress::ExchangeAnswer answer = Answer(form, Http(c.status, c.body, c.type));
      EXPECT_EQ(Outcome(answer), "FAILED") << c.body;
      EXPECT_EQ(testing::Show(answer).substr(0, 32), R"(5.02 60 {"errcode":"M_UNKNOWN",")")
          << "never a success";
    }
  }
}

TEST(PollAnswer, ErrorsThenEndedOrFailedAsTheTableSays) {
  struct Case {
    uint16_t status;
    const char* first;
    const char* further;
  };
  for (const Case& c : {
           Case{301, "FAILED", "FAILED"}, Case{302, "FAILED", "FAILED"},
           Case{400, "ENDED", "FAILED"},  Case{401, "FAILED", "FAILED"},
           Case{403, "FAILED", "FAILED"}, Case{404, "ENDED", "FAILED"},
           Case{405, "ENDED", "FAILED"},  Case{408, "FAILED", "FAILED"},
           Case{413, "ENDED", "FAILED"},  Case{429, "FAILED", "FAILED"},
           Case{499, "ENDED", "FAILED"},  Case{500, "FAILED", "FAILED"},
           Case{502, "FAILED", "FAILED"}, Case{503, "FAILED", "FAILED"},
           Case{504, "FAILED", "FAILED"}, Case{599, "FAILED", "FAILED"},
           Case{0, "FAILED", "FAILED"},   Case{101, "FAILED", "FAILED"},
           Case{600, "FAILED", "FAILED"},
       }) {
    const HttpResponse error = Http(c.status, kError);
    EXPECT_EQ(Outcome(Answer(First(), error)), c.first) << c.status;
    EXPECT_EQ(Outcome(Answer(After(kIdleSynapse), error)), c.further) << c.status;
    ExpectOrdinary(First(), error);
    ExpectOrdinary(After(kIdleSynapse), error);
    // What is no Matrix error comes from elsewhere and says nothing of the observation.
    for (const char* page : {"", "<html>", "{}", R"({"errcode":7})", R"(["errcode"])"}) {
      const HttpResponse other = Http(c.status, page, "text/html");
      EXPECT_EQ(Outcome(Answer(First(), other)), "FAILED") << c.status << page;
      EXPECT_EQ(Outcome(Answer(After(kIdleSynapse), other)), "FAILED") << c.status << page;
      ExpectOrdinary(First(), other);
    }
  }
}

TEST(PollAnswer, OnlyWhatIsWrongWithTheTokenEndsAnObservation) {
  struct Case {
    uint16_t status;
    const char* errcode;
    const char* outcome;
  };
  for (const Case& c : {
           Case{401, "M_UNKNOWN_TOKEN", "ENDED"},
           Case{401, "M_MISSING_TOKEN", "ENDED"},
           Case{401, "M_USER_LOCKED", "FAILED"},
           Case{403, "M_RESOURCE_LIMIT_EXCEEDED", "FAILED"},
           Case{403, "M_CONSENT_NOT_GIVEN", "FAILED"},
           Case{403, "M_USER_DEACTIVATED", "FAILED"},
           Case{403, "M_FORBIDDEN", "FAILED"},
       }) {
    const HttpResponse error =
        Http(c.status, std::string(R"({"error":"x","errcode":")") + c.errcode + R"("})");
    EXPECT_EQ(Outcome(Answer(First(), error)), c.outcome) << c.errcode;
    EXPECT_EQ(Outcome(Answer(After(kIdleSynapse), error)), c.outcome) << c.errcode;
  }
}

TEST(PollAnswer, TokenRefusedThenEndedAndTold) {
  const HttpResponse refused = Http(401, R"({"errcode":"M_UNKNOWN_TOKEN","error":"x"})");
  const ingress::ExchangeAnswer answer = Answer(After(kIdleSynapse), refused);
  EXPECT_EQ(Outcome(answer), "ENDED");
  EXPECT_EQ(testing::Show(answer),
            R"(4.01 60 token refused {"errcode":"M_UNKNOWN_TOKEN","error":"x"})");
}

TEST(PollAnswer, AskedToWaitThenFailedWithTheTime) {
  for (const uint16_t status : {429, 503}) {
    HttpResponse response = Http(status, kError);
    EXPECT_EQ(Outcome(Answer(First(), response)), "FAILED") << "no hint";
    response.body = R"({"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":1500})";
    EXPECT_EQ(Outcome(Answer(First(), response)), "FAILED 2") << "rounded up";
    response.retry_after_s = 7;
    EXPECT_EQ(Outcome(Answer(First(), response)), "FAILED 7") << "the header goes before";
    ExpectOrdinary(After(kIdleSynapse), response);
    response.body = "<html>";
    EXPECT_EQ(Outcome(Answer(After(kIdleSynapse), response)), "FAILED 7");
  }
  HttpResponse response = Http(502, R"({"errcode":"M_X","retry_after_ms":1500})");
  response.retry_after_s = 7;
  EXPECT_EQ(Outcome(Answer(First(), response)), "FAILED") << "means nothing there";
}

TEST(PollAnswer, FaultsThenFailed) {
  for (size_t i = 0; i < kUpstreamFaultCount; ++i) {
    const auto fault = static_cast<UpstreamFault>(i);
    for (const AnswerForm& form : {First(), After(kIdleSynapse)}) {
      ingress::ExchangeAnswer answer = Mapping({}).ToCoap(form, Failure(fault));
      const bool waits = answer.head.http_status() == 503;
      const std::string later = fault == UpstreamFault::kTooManyPolls ? "FAILED 5" : "FAILED 1";
      EXPECT_EQ(Outcome(answer), waits ? later : "FAILED") << Text(fault);
      const ingress::ExchangeAnswer ordinary = Mapping({}).ToCoap(Plain(), Failure(fault));
      EXPECT_EQ(Outcome(ordinary), "none");
      answer.head.clear_poll();
      EXPECT_EQ(testing::Show(answer), testing::Show(ordinary));
    }
  }
}

AnswerForm Sliding(const std::string& last) {
  AnswerForm form = Plain();
  form.route = Route::kSlidingSync;
  form.poll.emplace();
  if (last.empty()) return form;
  const SyncAnswer answer = ReadSlidingAnswer(last).value();
  form.poll = PollForm{answer.residue, answer.positions};
  return form;
}

TEST(PollAnswer, SlidingSyncThenItsPositionsInTheCursor) {
  const ingress::ExchangeAnswer first = Answer(Sliding(""), Http(200, testing::kIdleSliding));
  EXPECT_EQ(Outcome(first), "CHANGED");
  const auto cursor = ReadCursor(first.head.poll().cursor());
  ASSERT_TRUE(cursor);
  EXPECT_EQ(cursor->next_batch, "5/s72_5_0_1");
  EXPECT_EQ(cursor->positions, (ExtensionPositions{{"to_device", "9"}}));
}

TEST(PollAnswer, SlidingSyncWithoutNewsThenUnchanged) {
  const AnswerForm form = Sliding(testing::kIdleSliding);
  EXPECT_EQ(Outcome(Answer(form, Http(200, testing::kIdleSliding))), "UNCHANGED");
  for (const auto& change : testing::kSlidingChanges) {
    const std::string body = testing::Changed(testing::kIdleSliding, change);
    EXPECT_EQ(Outcome(Answer(form, Http(200, body))), "CHANGED") << body;
    ExpectOrdinary(form, Http(200, body));
  }
}

// Else the homeserver would send all messages to the device again.
TEST(PollAnswer, ExtensionThatAnAnswerLeavesOutThenItsPositionStays) {
  const auto answer =
      Answer(Sliding(testing::kIdleSliding), Http(200, R"({"pos":"6","rooms":{}})"));
  EXPECT_EQ(Outcome(answer), "CHANGED") << "another residue";
  EXPECT_EQ(ReadCursor(answer.head.poll().cursor())->positions,
            (ExtensionPositions{{"to_device", "9"}}));
}

// MSC4186: the client begins anew, without a position.
TEST(PollAnswer, UnknownPositionThenEndedAndTold) {
  const HttpResponse unknown = Http(400, R"({"errcode":"M_UNKNOWN_POS","error":"x"})");
  for (const AnswerForm& form : {Sliding(""), Sliding(testing::kIdleSliding)}) {
    EXPECT_EQ(Outcome(Answer(form, unknown)), "ENDED");
    ExpectOrdinary(form, unknown);
  }
  EXPECT_EQ(Outcome(Answer(Sliding(testing::kIdleSliding),
                           Http(502, R"({"errcode":"M_UNKNOWN_POS","error":"x"})"))),
            "FAILED")
      << "from elsewhere";
}

TEST(PollAnswer, OrdinarySyncThenNoPoll) {
  EXPECT_EQ(Outcome(Answer(Plain(), Http(200, kIdleSynapse))), "none");
  EXPECT_EQ(Outcome(Answer(Plain(), Http(200, "{}"))), "none");
  EXPECT_EQ(Outcome(Answer(Plain(), Http(401, kError))), "none");
}

}  // namespace
}  // namespace lowband::translator::mapping
