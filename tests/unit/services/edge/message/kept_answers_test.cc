// Layer: whose answers are kept for duplicates when not all can be.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "services/edge/message/counters.h"
#include "services/edge/message/layer.h"
#include "services/edge/message/limits.h"

namespace lowband::edge::message {
namespace {

using admission::Network;

constexpr Network kMany{1};
constexpr Network kFew{2};
constexpr SessionId kHonest{1};
constexpr size_t kAnswerBytes = 100;
/// So many answers fit.
constexpr size_t kFit = 40;

class KeptAnswersTest : public ::testing::Test {
 protected:
  KeptAnswersTest() {
    Make(Config().answer_bytes_max);
    Send(kHonest, 1);
    cost_ = layer_->answer_bytes();
    Make(kFit * cost_);
  }
  void Make(size_t answer_bytes_max) {
    Config config;
    config.answer_bytes_max = max_ = answer_bytes_max;
    EXPECT_EQ(config.Validate(), "");
    layer_.reset();
    ledgers_ = std::make_unique<admission::MessageLedgers>(config.ProcessLimits());
    layer_ = std::make_unique<Layer>(config, *random_, *ledgers_, 0);
    layer_->SetNetwork(kHonest, kFew);
    for (uint64_t id = 2; id <= 9; ++id) layer_->SetNetwork(SessionId{id}, kMany);
  }

  // Sends a request, or a duplicate of it, and returns what comes back.
  std::vector<Bytes> Send(SessionId session, uint16_t id, coap::Code method = coap::kGet) {
    auto sent = SendTo(*layer_, session, id, method);
    EXPECT_LE(layer_->answer_bytes(), max_);
    return sent;
  }
  std::vector<Bytes> SendTo(Layer& layer, SessionId session, uint16_t id,
                            coap::Code method = coap::kGet) {
    layer.Receive(now_, session,
                  coap::MessageWriter(coap::Type::kConfirmable, method, id, coap::Token())
                      .Option(coap::OptionNumber::kUriPath, AsBytes("a"))
                      .Finish());
    while (const auto event = layer.PollEvent()) {
      const auto* arrived = std::get_if<RequestArrived>(&*event);
      if (arrived == nullptr) continue;
      lost_ = arrived->answer_lost;
      ++carried_out_;
      const RequestRef ref = arrived->ref;
      layer.Respond(now_, ref,
                    coap::MessageWriter(coap::Type::kConfirmable, coap::kContent, 0, {})
                        .Finish(Bytes(kAnswerBytes, static_cast<uint8_t>(carried_out_))));
    }
    std::vector<Bytes> sent;
    while (const auto transmit = layer.PollTransmit()) {
      sent.emplace_back(transmit->message.begin(), transmit->message.end());
    }
    return sent;
  }
  // More than fit, spread over the sessions of one network.
  void Flood(size_t count, coap::Code method = coap::kGet) {
    for (size_t i = 0; i < count; ++i) {
      Send(SessionId{2 + i % 8}, static_cast<uint16_t>(++flooded_), method);
    }
  }
  bool IsKept(SessionId session, uint16_t id, coap::Code method = coap::kGet) {
    const size_t before = carried_out_;
    Send(session, id, method);
    return carried_out_ == before;
  }

  std::unique_ptr<Random> random_ = MakeSeededRandom(5);
  std::unique_ptr<admission::MessageLedgers> ledgers_;
  std::unique_ptr<Layer> layer_;
  TimePoint now_;
  size_t max_ = 0;
  size_t cost_ = 0;  ///< Of one answer.
  size_t carried_out_ = 0;
  size_t flooded_ = 0;
  bool lost_ = false;
};

TEST_F(KeptAnswersTest, OneNetworkSendsManyThenAnothersDuplicatePostGetsItsAnswer) {
  const auto answer = Send(kHonest, 1, coap::kPost);
  Flood(10 * kFit, coap::kPost);
  EXPECT_EQ(Send(kHonest, 1, coap::kPost), answer);
  EXPECT_FALSE(lost_);
  EXPECT_GT(layer_->counters().answers_made_room_unproven, 0u);
  EXPECT_EQ(layer_->counters().answers_evicted, 0u) << "no session has its whole share";
}

TEST_F(KeptAnswersTest, OneNetworkSendsManyThenAnothersGetIsNotCarriedOutAnew) {
  const auto answer = Send(kHonest, 1);
  Flood(10 * kFit, coap::kPost);
  EXPECT_EQ(Send(kHonest, 1), answer);
}

TEST_F(KeptAnswersTest, NetworkThatHasMostThenItsOldestGoesOfPostsTheLast) {
  Send(SessionId{2}, 1000, coap::kPost);
  Flood(kFit - 1);
  ASSERT_TRUE(IsKept(SessionId{2}, 1));
  Flood(1);
  EXPECT_FALSE(IsKept(SessionId{2}, 1));
  EXPECT_TRUE(IsKept(SessionId{2}, 1000, coap::kPost));
  Flood(kFit, coap::kPost);
  EXPECT_FALSE(IsKept(SessionId{2}, 1000, coap::kPost)) << "posts of its own network alone";
  EXPECT_TRUE(lost_);
}

// Each of the others has less than the sixteenth that all who are not known may have together.
TEST_F(KeptAnswersTest, KnownClientsHaveAllThenOneLogsInAndItsAnswerIsKept) {
  for (uint64_t id = 2; id <= 9; ++id) layer_->Prove(SessionId{id});
  Flood(2 * kFit);
  const auto answer = Send(kHonest, 1, coap::kPost);
  Flood(2 * kFit);
  EXPECT_EQ(Send(kHonest, 1, coap::kPost), answer);
  EXPECT_EQ(layer_->counters().answers_made_room_unproven, 0u);
  EXPECT_GT(layer_->counters().answers_made_room_proven, 0u);
}

TEST_F(KeptAnswersTest, ManyUnknownNetworksThenAKnownClientsAnswerIsKept) {
  const auto answer = Send(kHonest, 1, coap::kPost);
  layer_->Prove(kHonest);
  for (uint64_t id = 100; id < 100 + 10 * kFit; ++id) {
    layer_->SetNetwork(SessionId{id}, Network{id});
    Send(SessionId{id}, 1, coap::kPost);
  }
  EXPECT_EQ(Send(kHonest, 1, coap::kPost), answer);
  EXPECT_EQ(layer_->counters().answers_made_room_proven, 0u);
}

TEST_F(KeptAnswersTest, OtherAddressThenItsAnswersCountForTheOtherNetwork) {
  const SessionId mover{2};
  for (uint16_t id = 1; id <= kFit / 2 + 1; ++id) Send(mover, id);
  for (uint16_t id = 1; id < kFit / 2; ++id) Send(kHonest, id);
  layer_->SetNetwork(mover, kFew);
  layer_->SetNetwork(kHonest, kMany);
  Send(SessionId{3}, 1);
  EXPECT_FALSE(IsKept(mover, 1));
  layer_->Forget(mover);
  layer_->Forget(kHonest);
  layer_->Forget(SessionId{3});
  EXPECT_EQ(layer_->answer_bytes(), 0u);
}

TEST_F(KeptAnswersTest, CrowdIsAtAnotherWorkerThenItsAnswersMakeRoomThere) {
  const auto answer = Send(kHonest, 1, coap::kPost);
  Layer other(Config(), *random_, *ledgers_, 1);
  other.SetNetwork(SessionId{2}, kMany);
  for (uint16_t id = 1; id < kFit; ++id) SendTo(other, SessionId{2}, id);
  EXPECT_EQ(other.PollRelief(), std::nullopt);
  Send(kHonest, 2, coap::kPost);
  ASSERT_EQ(layer_->PollRelief(), 1U);
  EXPECT_EQ(layer_->PollRelief(), std::nullopt);
  other.Relieve(now_);
  EXPECT_EQ(other.counters().answers_made_room_unproven, 1U);
  EXPECT_EQ(layer_->answer_bytes() + other.answer_bytes(), max_);
  EXPECT_EQ(Send(kHonest, 1, coap::kPost), answer);
}

TEST_F(KeptAnswersTest, OtherWorkerDoesNotMakeRoomThenNoMoreThanASixteenthIsBeyond) {
  Layer other(Config(), *random_, *ledgers_, 1);
  other.SetNetwork(SessionId{2}, kMany);
  for (uint16_t id = 1; id <= kFit; ++id) SendTo(other, SessionId{2}, id);
  for (uint16_t id = 1; id < kFit; ++id) {
    Send(kHonest, id);
    EXPECT_LE(layer_->answer_bytes() + other.answer_bytes(), max_ + max_ / 16);
  }
  EXPECT_GT(layer_->answer_bytes(), 0U);
}

TEST_F(KeptAnswersTest, WorkerEndsThenItsBytesAreFree) {
  {
    Layer other(Config(), *random_, *ledgers_, 1);
    other.SetNetwork(SessionId{2}, kMany);
    SendTo(other, SessionId{2}, 1);
    EXPECT_EQ(ledgers_->answers.usage().networks, 1U);
  }
  EXPECT_EQ(ledgers_->answers.usage().networks, 0U);
}

TEST_F(KeptAnswersTest, LargerThanAllThatFitsThenItIsNotKept) {
  Make(cost_ - 1);
  Send(kHonest, 1);
  EXPECT_EQ(layer_->answer_bytes(), 0u);
  EXPECT_FALSE(IsKept(kHonest, 1));
}

}  // namespace
}  // namespace lowband::edge::message
