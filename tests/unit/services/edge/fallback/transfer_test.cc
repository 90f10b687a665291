// Transfer: calls that are given up, and what of them still comes.
#include "services/edge/fallback/transfer.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lowband/v1/translator.pb.h"
#include "services/edge/fallback/limits.h"

namespace lowband::edge::fallback {
namespace {

/// A client that has sent all it will, and takes whatever comes.
class Client final : public ByteStream {
 public:
  explicit Client(std::string& received) : ByteStream(-1), received_(received) {}
  IoResult Handshake() override { return {IoResult::Status::kDone}; }
  IoResult Read(std::span<char>) override { return {IoResult::Status::kWantsIn}; }
  IoResult Write(std::string_view bytes) override {
    received_ += bytes;
    return {IoResult::Status::kDone, bytes.size()};
  }
  bool HasBuffered() const override { return false; }
  void EndOutput() override {}
  bool PeerSpeaksPlainHttp() const override { return false; }

 private:
  std::string& received_;
};

/// What happened on one call, as the test says.
struct Line {
  std::vector<CallEvent> events;
  std::vector<std::string> written;
  bool writing = true;  ///< The request itself, first.
  bool open = true;
};

class FakeCall final : public RelayChannel::Call {
 public:
  explicit FakeCall(Line& line) : line_(line) {}
  ~FakeCall() override { line_.open = false; }
  void Write(std::string piece) override {
    EXPECT_FALSE(line_.writing) << "one at a time";
    line_.writing = true;
    line_.written.push_back(std::move(piece));
  }
  void EndWrites(bool) override { EXPECT_FALSE(line_.writing) << "not while a piece is under way"; }
  void ReadNext(size_t) override {}
  void Drain(std::vector<CallEvent>& events) override {
    events.clear();
    std::swap(events, line_.events);
  }

 private:
  Line& line_;
};

class TransferTest : public ::testing::Test, private RelayChannel {
 protected:
  void Start(std::string_view request) {
    head_ = **http::ParseRequestHead(request);
    transfer_.emplace(now_, context_, head_, wire_);
    transfer_->Step(now_);
  }
  void Opened(size_t call) { Happened(call, CallOpened{}); }
  void Written(size_t call) {
    lines_.at(call).writing = false;
    Happened(call, CallWritten{});
  }
  void Head(size_t call, uint32_t status, uint64_t length) {
    auto chunk = std::make_unique<v1::RelayChunk>();
    chunk->mutable_response()->set_status(status);
    chunk->mutable_response()->set_content_length(length);
    Happened(call, CallReceived{std::move(chunk)});
  }
  void Data(size_t call, std::string data) {
    auto chunk = std::make_unique<v1::RelayChunk>();
    chunk->set_data(std::move(data));
    Happened(call, CallReceived{std::move(chunk)});
  }
  void Ended(size_t call, CallEnd end = CallEnd::kServed) { Happened(call, CallEnded{end}); }
  void Step() { transfer_->Step(now_); }

  TimePoint now_;
  std::deque<Line> lines_;
  std::string received_;
  Counters counters_;
  std::optional<Transfer> transfer_;

 private:
  void Happened(size_t call, CallEvent event) {
    lines_.at(call).events.push_back(std::move(event));
  }
  std::unique_ptr<Call> Open(Waker, v1::RelayRequest, size_t) override {
    return std::make_unique<FakeCall>(lines_.emplace_back());
  }

  Config config_;
  fallback::Client client_{"192.0.2.1"};
  StopState stop_;
  TransferContext context_{config_, client_, *this, {}, stop_, counters_};
  http::RequestHead head_;
  Wire wire_{std::make_unique<Client>(received_), counters_};
};

// The head is none, so that another translator is asked; that the first call has ended is no word
// of the second.
TEST_F(TransferTest, CallGivenUpWhileItsEventsAreReadThenItsEndIsNotTheNextOnes) {
  Start("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  Opened(0);
  Written(0);
  Head(0, 99, 0);
  Ended(0);
  Step();
  ASSERT_EQ(lines_.size(), 2U);
  EXPECT_FALSE(lines_[0].open);
  ASSERT_FALSE(transfer_->end()) << received_;
  Opened(1);
  Written(1);
  Head(1, 200, 2);
  Step();
  Data(1, "ok");
  Ended(1);
  Step();
  EXPECT_EQ(transfer_->end(), TransferEnd::kServed);
  EXPECT_TRUE(received_.starts_with("HTTP/1.1 200 ")) << received_;
  EXPECT_TRUE(received_.ends_with("\r\n\r\nok")) << received_;
}

TEST_F(TransferTest, CallGivenUpForItsHeadThenWhatItHadWrittenIsNotTheNextOnes) {
  Start("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  Opened(0);
  Head(0, 99, 0);
  Written(0);
  Step();
  ASSERT_EQ(lines_.size(), 2U);
  Opened(1);
  Step();  // would end the writes of the second while its head is under way
  EXPECT_TRUE(lines_[1].written.empty());
  EXPECT_FALSE(transfer_->end());
}

// What is behind the end of a transfer is of no interest, and must not go into the wire.
TEST_F(TransferTest, AnswerLongerThanItSaidThenNothingOfItIsSent) {
  Start("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  Opened(0);
  Written(0);
  Head(0, 200, kHeldAnswerBytesMax + 1);
  Data(0, std::string(kHeldAnswerBytesMax + 2, 'x'));
  Ended(0);
  Step();
  EXPECT_EQ(transfer_->end(), TransferEnd::kBroken);
  EXPECT_TRUE(received_.ends_with("\r\n\r\n")) << received_;
}

TEST_F(TransferTest, ShortAnswerBrokenOffThenAnotherTranslatorIsAsked) {
  Start("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  Opened(0);
  Written(0);
  Head(0, 200, 4);
  Data(0, "ha");
  Step();
  EXPECT_EQ(received_, "");
  EXPECT_FALSE(transfer_->answered());
  Ended(0, CallEnd::kBroken);
  Step();
  ASSERT_EQ(lines_.size(), 2U);
  Opened(1);
  Written(1);
  Head(1, 200, 5);
  Data(1, "whole");
  Ended(1);
  Step();
  EXPECT_EQ(transfer_->end(), TransferEnd::kServed);
  EXPECT_TRUE(received_.starts_with("HTTP/1.1 200 ")) << received_;
  EXPECT_TRUE(received_.ends_with("Content-Length: 5\r\n\r\nwhole")) << received_;
  EXPECT_EQ(counters_.answers[2].load(), 1U);
}

// The body is gone, so nobody else can be asked: but the client gets an answer.
TEST_F(TransferTest, ShortAnswerToAPostBrokenOffThenItIsTold) {
  Start("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  Opened(0);
  Written(0);
  Step();
  Head(0, 200, 4);
  Data(0, "ha");
  Ended(0, CallEnd::kBroken);
  Step();
  EXPECT_EQ(lines_.size(), 1U);
  EXPECT_TRUE(transfer_->end());
  EXPECT_TRUE(received_.starts_with("HTTP/1.1 502 ")) << received_;
}

TEST_F(TransferTest, ShortAnswerOfAnotherLengthThanItSaidThenAnotherTranslatorIsAsked) {
  for (const std::string data : {"short", "much longer"}) {
    lines_.clear();
    received_.clear();
    Start("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    Opened(0);
    Written(0);
    Head(0, 200, 8);
    Data(0, data);
    Ended(0);
    Step();
    EXPECT_EQ(lines_.size(), 2U) << data;
    EXPECT_EQ(received_, "") << data;
    transfer_.reset();
  }
}

TEST_F(TransferTest, LongAnswerThenNothingIsHeld) {
  Start("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  Opened(0);
  Written(0);
  Head(0, 200, kHeldAnswerBytesMax + 1);
  Step();
  EXPECT_TRUE(transfer_->answered());
  EXPECT_TRUE(received_.ends_with("\r\n\r\n")) << received_;
}

}  // namespace
}  // namespace lowband::edge::fallback
