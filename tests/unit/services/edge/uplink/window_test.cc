// Answers by a window, as a lane set hands them on.
#include "tests/unit/services/edge/uplink/rig.h"

namespace lowband::edge::uplink {
namespace {

constexpr size_t kWindow = 8192;
using Then = request::AnswerPiece::Then;

class WindowTest : public ::testing::Test {
 protected:
  void SendAsking(uint64_t id, size_t from = 0, Duration deadline = 30s) {
    for (const LaneId lane : lanes_) rig_.Written(lane);
    auto start = MakeStart(id, v1::GET, rig_.now + deadline);
    start.request.set_answer_window(kWindow);
    start.request.set_answer_from(from);
    rig_.set.Submit(rig_.now, std::move(start));
    rig_.Pump();
  }
  static v1::TranslatorBatch Head(uint64_t id, size_t piece, size_t bytes, size_t from = 0) {
    auto batch = Rig::Head(id, std::string(piece, 'x'), from + piece < bytes);
    v1::Windowed& told = *batch.mutable_frames(0)->mutable_answer()->mutable_windowed();
    told.set_bytes(bytes);
    told.set_from(from);
    told.set_digest("d");
    return batch;
  }
  static v1::TranslatorBatch Dropped(uint64_t id) {
    v1::TranslatorBatch batch;
    v1::TranslatorFrame& frame = *batch.add_frames();
    frame.set_exchange(id);
    (void)frame.mutable_dropped();
    return batch;
  }
  void Begin(uint64_t id, size_t bytes = 20'000) {
    SendAsking(id);
    rig_.Receive(rig_.LaneOf(id), Head(id, kWindow, bytes));
  }
  void Credit(uint64_t id, uint64_t until) {
    rig_.set.Submit(rig_.now, request::GiveCredit{id, until});
    rig_.Pump();
  }
  std::vector<uint64_t> CreditsOn(LaneId lane) const {
    std::vector<uint64_t> out;
    for (const auto& frame : rig_.streams.at(lane).Frames()) {
      if (frame.has_credit()) out.push_back(frame.credit().until());
    }
    return out;
  }
  std::vector<request::AnswerPiece> Pieces() {
    std::vector<request::AnswerPiece> out;
    while (auto piece = rig_.set.PollPiece()) out.push_back(std::move(*piece));
    return out;
  }

  Rig rig_;
  std::vector<LaneId> lanes_ = rig_.Start();
};

TEST_F(WindowTest, HeadThenTheAnswerIsHandedOnAndPiecesFollow) {
  Begin(1);
  ASSERT_TRUE(rig_.Answered(1));
  const request::Answer& answer = rig_.answers.at(1);
  ASSERT_NE(answer.window, nullptr);
  EXPECT_EQ(answer.window->bytes, 20'000U);
  EXPECT_EQ(answer.body.size(), kWindow);
  EXPECT_FALSE(answer.window->ended);
  EXPECT_EQ(answer.window->request.answer_window(), kWindow) << "to be asked again";
  EXPECT_EQ(rig_.set.exchanges_in_flight(), 1U);
  const LaneId lane = rig_.LaneOf(1);
  rig_.Written(lane);
  Credit(1, 20'000);
  EXPECT_EQ(CreditsOn(lane), std::vector<uint64_t>{20'000});
  rig_.Receive(lane, Rig::Chunk(1, std::string(10'000, 'x'), true));
  rig_.Receive(lane, Rig::Chunk(1, std::string(1'808, 'x'), false));
  const auto pieces = Pieces();
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_EQ(pieces[0].bytes.size(), 10'000U);
  EXPECT_EQ(pieces[0].then, Then::kMore);
  EXPECT_EQ(pieces[1].then, Then::kEnd);
  EXPECT_EQ(rig_.set.exchanges_in_flight(), 0U);
  EXPECT_TRUE(rig_.streams.at(lane).Cancels().empty());
}

TEST_F(WindowTest, LaneIsBusyThenOnlyTheLastCreditGoes) {
  Begin(1, 100'000);
  const LaneId lane = rig_.LaneOf(1);
  Credit(1, 10'000);
  Credit(1, 12'000);
  Credit(1, 11'000);
  rig_.Written(lane);
  EXPECT_EQ(CreditsOn(lane), std::vector<uint64_t>{12'000});
}

// A client on a slow link takes hours.
TEST_F(WindowTest, ClientTakesItsTimeThenNoDeadlineEndsIt) {
  Begin(1);
  rig_.RunFor(1h);
  EXPECT_EQ(rig_.set.exchanges_in_flight(), 1U);
  EXPECT_TRUE(Pieces().empty());
  EXPECT_EQ(rig_.answer_counts.at(1), 1);
}

TEST_F(WindowTest, HeadNeverComesThenTheDeadlineAnswers) {
  SendAsking(1);
  rig_.RunFor(31s);
  EXPECT_EQ(rig_.CodeOf(1), "5.04");
}

TEST_F(WindowTest, LaneDiesThenTheAnswerIsBrokenOffAndNotAskedAgainFromHere) {
  Begin(1);
  rig_.Dead(rig_.LaneOf(1));
  rig_.RunFor(1s);
  const auto pieces = Pieces();
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces[0].then, Then::kBroken);
  EXPECT_EQ(rig_.answer_counts.at(1), 1) << "one answer, whatever becomes of its rest";
  EXPECT_EQ(rig_.set.exchanges_in_flight(), 0U);
  EXPECT_EQ(rig_.set.counters().resent, 0U);
}

TEST_F(WindowTest, LaneDiesBeforeTheHeadThenAnotherIsAsked) {
  SendAsking(1);
  const LaneId first = rig_.LaneOf(1);
  rig_.Dead(first);
  rig_.RunFor(1s);
  const LaneId second = rig_.LaneOf(1);
  ASSERT_NE(first, second);
  rig_.Receive(second, Head(1, kWindow, 20'000));
  EXPECT_EQ(rig_.CodeOf(1), "2.05");
}

TEST_F(WindowTest, TranslatorDropsItThenItIsBrokenOffWithoutACancel) {
  Begin(1);
  const LaneId lane = rig_.LaneOf(1);
  rig_.Receive(lane, Dropped(1));
  rig_.Written(lane);
  EXPECT_EQ(Pieces().at(0).then, Then::kBroken);
  EXPECT_TRUE(rig_.streams.at(lane).Cancels().empty());
}

TEST_F(WindowTest, CancelledThenTheTranslatorIsTold) {
  Begin(1);
  const LaneId lane = rig_.LaneOf(1);
  rig_.Written(lane);
  rig_.Cancel(1);
  EXPECT_EQ(rig_.streams.at(lane).Cancels(), std::vector<uint64_t>{1});
  EXPECT_EQ(rig_.set.exchanges_in_flight(), 0U);
  rig_.Receive(lane, Rig::Chunk(1, "late", true));
  EXPECT_TRUE(Pieces().empty());
}

TEST_F(WindowTest, MoreThanTheCreditThenItIsBrokenOff) {
  Begin(1);
  const LaneId lane = rig_.LaneOf(1);
  rig_.Written(lane);
  rig_.Receive(lane, Rig::Chunk(1, "x", true));
  EXPECT_EQ(Pieces().at(0).then, Then::kBroken);
  EXPECT_EQ(rig_.streams.at(lane).Cancels(), std::vector<uint64_t>{1});
  EXPECT_EQ(rig_.set.counters().failed_bad_answer, 1U);
}

TEST_F(WindowTest, HeadsThatMakeNoSenseThenThatIsTheAnswer) {
  std::vector<v1::TranslatorBatch> heads;
  heads.push_back(Head(1, kWindow + 1, 20'000));  // over the window
  heads.push_back(Head(1, 1023, 20'000));         // no block
  heads.push_back(Head(1, kWindow, 20'000, 1));   // from elsewhere
  heads.push_back(Head(1, kWindow, 20'000));
  heads.back().mutable_frames(0)->mutable_answer()->set_more(false);
  heads.push_back(Head(1, kWindow, 20'000));
  heads.back().mutable_frames(0)->mutable_answer()->set_code(0x84);
  heads.push_back(Head(1, kWindow, 20'000));
  (void)heads.back().mutable_frames(0)->mutable_answer()->mutable_poll();
  uint64_t id = 1;
  for (auto& head : heads) {
    SendAsking(id);
    head.mutable_frames(0)->set_exchange(id);
    rig_.Receive(rig_.LaneOf(id), head);
    rig_.Written(rig_.LaneOf(id));
    EXPECT_EQ(rig_.CodeOf(id), "5.02") << "head " << id;
    ++id;
  }
  EXPECT_EQ(rig_.set.exchanges_in_flight(), 0U);
}

TEST_F(WindowTest, NobodyAskedForItThenThatIsTheAnswer) {
  rig_.Send(1);
  rig_.Receive(rig_.LaneOf(1), Head(1, kWindow, 20'000));
  EXPECT_EQ(rig_.CodeOf(1), "5.02");
}

TEST_F(WindowTest, LongerThanAnswersMayBeThenThatIsTheAnswer) {
  SendAsking(1);
  rig_.Receive(rig_.LaneOf(1), Head(1, kWindow, kAnswerBytesDefault + 1));
  EXPECT_EQ(rig_.CodeOf(1), "5.02");
  EXPECT_EQ(rig_.set.counters().failed_answer_size, 1U);
}

TEST_F(WindowTest, OnlyTheEndIsWantedThenItIsWholeAtOnce) {
  SendAsking(1, 18'000);
  rig_.Receive(rig_.LaneOf(1), Head(1, 2'000, 20'000, 18'000));
  ASSERT_TRUE(rig_.Answered(1));
  EXPECT_TRUE(rig_.answers.at(1).window->ended);
  EXPECT_EQ(rig_.set.exchanges_in_flight(), 0U);
}

// Slow clients hold on to lanes that others have left: not to so many that none can be opened.
TEST_F(WindowTest, LanesLingerThenTheOldestAreCutOff) {
  for (uint64_t id = 1; id <= 3 * kLanesAliveMax; ++id) {
    Begin(id, 1'000'000);
    v1::TranslatorBatch draining;
    draining.set_draining(true);
    rig_.Receive(rig_.LaneOf(id), draining);
    rig_.RunFor(2s);
    for (const LaneId lane : std::vector<LaneId>(rig_.asked)) rig_.Opened(lane);
    for (const auto& [lane, stream] : rig_.streams) {
      if (stream.batches.empty()) rig_.Opened(lane);
    }
  }
  size_t broken = 0;
  for (const auto& piece : Pieces()) broken += piece.then == Then::kBroken ? 1 : 0;
  EXPECT_GT(broken, 0U);
  EXPECT_GT(rig_.set.lanes_open(), 0U);
  EXPECT_LE(rig_.set.exchanges_in_flight(), kLanesAliveMax);
}

}  // namespace
}  // namespace lowband::edge::uplink
