#include "services/translator/ingress/laned_relay.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace lowband::translator::ingress {
namespace {

constexpr size_t kBodyWindow = 100;

class LanedRelayTest : public ::testing::Test {
 protected:
  static LanedRelay Get(uint64_t window = 1000) {
    return {v1::RelayRequest(), window, kBodyWindow};
  }
  /// `length`: none is told.
  static LanedRelay Put(std::optional<uint64_t> length) {
    v1::RelayRequest request;
    request.set_has_body(true);
    if (length) request.set_content_length(*length);
    return {request, 1000, kBodyWindow};
  }

  /// All that is said, in short: "taken:100 head data:abc whole".
  static std::string Say(LanedRelay& relay) {
    std::string said;
    while (relay.HasOutput()) {
      v1::RelayTranslatorBatch batch;
      relay.Fill(7, batch);
      EXPECT_GT(batch.frames_size(), 0);
      for (const v1::RelayTranslatorFrame& frame : batch.frames()) {
        EXPECT_EQ(frame.relay(), 7u);
        said += (said.empty() ? "" : " ") + Text(frame);
      }
    }
    return said;
  }

 private:
  static std::string Text(const v1::RelayTranslatorFrame& frame) {
    switch (frame.kind_case()) {
      case v1::RelayTranslatorFrame::kTaken:
        return "taken:" + std::to_string(frame.taken().window());
      case v1::RelayTranslatorFrame::kProceed: return "proceed";
      case v1::RelayTranslatorFrame::kResponse: return "head";
      case v1::RelayTranslatorFrame::kData: return "data:" + frame.data();
      case v1::RelayTranslatorFrame::kCredit:
        return "credit:" + std::to_string(frame.credit().until());
      case v1::RelayTranslatorFrame::kEnded:
        return v1::RelayEnded::Outcome_Name(frame.ended().outcome()) +
               (frame.ended().reason().empty() ? "" : ":" + frame.ended().reason());
      case v1::RelayTranslatorFrame::KIND_NOT_SET: break;
    }
    return "nothing";
  }
};

TEST_F(LanedRelayTest, AnswerThenTakenHeadDataAndTheEnd) {
  LanedRelay relay = Get();
  EXPECT_EQ(Say(relay), "taken:0");
  relay.Head({});
  relay.Data("abc");
  EXPECT_EQ(Say(relay), "head data:abc");
  EXPECT_TRUE(relay.GiveTaken());
  EXPECT_FALSE(relay.GiveTaken()) << "once";
  EXPECT_FALSE(relay.over());
  relay.Data("def");
  relay.End(true);
  EXPECT_EQ(Say(relay), "data:def WHOLE");
  EXPECT_FALSE(relay.GiveTaken()) << "nothing more comes";
  EXPECT_TRUE(relay.over());
}

TEST_F(LanedRelayTest, WindowIsUsedUpThenTheRestWaitsForCredit) {
  LanedRelay relay = Get(4);
  relay.Head({});
  relay.Data("abcdef");
  EXPECT_EQ(Say(relay), "taken:0 head data:abcd");
  EXPECT_FALSE(relay.GiveTaken()) << "some of it is still here";
  relay.End(true);
  EXPECT_EQ(Say(relay), "") << "the end comes behind it";
  relay.TakeCredit(5);
  EXPECT_EQ(Say(relay), "data:e");
  relay.TakeCredit(3);
  EXPECT_EQ(Say(relay), "") << "an earlier credit takes nothing back";
  relay.TakeCredit(6);
  EXPECT_EQ(Say(relay), "data:f WHOLE");
}

TEST_F(LanedRelayTest, BrokenOffThenItsHeadIsSaidAndNoneOfTheBody) {
  LanedRelay relay = Get();
  EXPECT_EQ(Say(relay), "taken:0");
  relay.Head({});
  relay.Data("abc");
  relay.End(false);
  EXPECT_EQ(Say(relay), "head BROKEN");
  relay.Head({});
  relay.Data("more");
  relay.Proceed();
  EXPECT_EQ(Say(relay), "");
}

TEST_F(LanedRelayTest, DroppedThenOnlyThatIsSaid) {
  LanedRelay relay = Get();
  relay.Head({});
  relay.Data("abc");
  relay.Drop();
  relay.End(true);
  EXPECT_EQ(Say(relay), "taken:0 OVERLOAD");
}

TEST_F(LanedRelayTest, DroppedWithARestThatItsClientDoesNotTakeThenTheRestGoes) {
  LanedRelay relay = Get(2);
  relay.Head({});
  relay.Data("abc");
  relay.End(true);
  EXPECT_EQ(Say(relay), "taken:0 head data:ab");
  relay.Drop();
  EXPECT_EQ(Say(relay), "OVERLOAD");
  relay.Drop();
  EXPECT_EQ(Say(relay), "");
}

TEST_F(LanedRelayTest, BodyThenItIsGivenAsItIsWanted) {
  LanedRelay relay = Put(6);
  EXPECT_EQ(Say(relay), "taken:100");
  relay.TakeBody("ab");
  EXPECT_FALSE(relay.GiveBody()) << "not wanted yet";
  relay.TakeBody("cd");
  relay.WantBody();
  EXPECT_EQ(relay.GiveBody(), "abcd");
  EXPECT_FALSE(relay.GiveBody()) << "wanted once";
  relay.WantBody();
  EXPECT_FALSE(relay.GiveBody()) << "not there yet";
  relay.TakeBody("ef");
  EXPECT_EQ(relay.GiveBody(), "ef");
  relay.TakeBodyEnd();
  EXPECT_FALSE(relay.GiveBodyEnd()) << "its length has told";
  EXPECT_FALSE(relay.ended());
}

TEST_F(LanedRelayTest, LengthIsNotKnownThenTheEndIsToldBehindTheBody) {
  LanedRelay relay = Put(std::nullopt);
  relay.TakeBody("ab");
  relay.TakeBodyEnd();
  EXPECT_FALSE(relay.GiveBodyEnd()) << "not before the body";
  relay.WantBody();
  EXPECT_EQ(relay.GiveBody(), "ab");
  EXPECT_TRUE(relay.GiveBodyEnd());
  EXPECT_FALSE(relay.GiveBodyEnd()) << "once";
}

TEST_F(LanedRelayTest, RelayHasComeOnByHalfAWindowThenCredit) {
  LanedRelay relay = Put(std::nullopt);
  EXPECT_EQ(Say(relay), "taken:100");
  relay.WantBody();
  relay.TakeBody(std::string(60, 'x'));
  EXPECT_EQ(relay.GiveBody()->size(), 60u);
  EXPECT_EQ(Say(relay), "") << "the relay still has it";
  relay.WantBody();
  EXPECT_EQ(Say(relay), "credit:160");
  relay.TakeBody(std::string(40, 'x'));
  relay.GiveBody();
  relay.WantBody();
  EXPECT_EQ(Say(relay), "") << "less than half a window";
  relay.TakeBody(std::string(60, 'x'));
  relay.GiveBody();
  relay.WantBody();
  EXPECT_EQ(Say(relay), "credit:260");
}

TEST_F(LanedRelayTest, WindowCoversTheBodyThenNoCredit) {
  LanedRelay relay = Put(90);
  EXPECT_EQ(Say(relay), "taken:100");
  relay.WantBody();
  relay.TakeBody(std::string(80, 'x'));
  relay.GiveBody();
  relay.WantBody();
  EXPECT_EQ(Say(relay), "");
}

TEST_F(LanedRelayTest, NotWhatTheContractSaysThenInvalidAndNothingGoesOn) {
  {
    LanedRelay relay = Get();
    relay.TakeBody("x");
    EXPECT_EQ(Say(relay), "taken:0 INVALID:the body is longer than announced");
  }
  {
    LanedRelay relay = Put(2);
    relay.TakeBody("abc");
    EXPECT_EQ(Say(relay), "taken:100 INVALID:the body is longer than announced");
    relay.WantBody();
    EXPECT_FALSE(relay.GiveBody());
  }
  {
    LanedRelay relay = Put(2);
    relay.TakeBody("a");
    relay.TakeBodyEnd();
    EXPECT_EQ(Say(relay), "taken:100 INVALID:the body is shorter than announced");
    EXPECT_FALSE(relay.GiveBodyEnd());
  }
  {
    LanedRelay relay = Put(std::nullopt);
    relay.TakeBody(std::string(kBodyWindow + 1, 'x'));
    EXPECT_EQ(Say(relay), "taken:100 INVALID:the body goes beyond the window");
  }
}

}  // namespace
}  // namespace lowband::translator::ingress
