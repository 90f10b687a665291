// Block-wise transfers of the client, after the examples of RFC 7959 §3.
#include "tests/unit/libs/client/lockstep.h"

namespace lowband::client {
namespace {

class BlockwiseTest : public Lockstep {
 protected:
  /// Answers block-wise GETs from `body` until a Response comes.
  void ServeBlock2(const Sent& request, std::string_view body, uint8_t szx,
                   std::string_view etag = "v1") {
    const auto asked = request.block(OptionNumber::kBlock2).value_or(Block{0, false, szx});
    const Block block{asked.number, false, std::min(szx, asked.szx)};
    const bool more = block.offset() + block.size() < body.size();
    Piggyback(request, coap::kContent,
              {Block2(block.number, more, block.szx), TextOption(OptionNumber::kETag, etag)},
              body.substr(std::min(block.offset(), body.size()), block.size()));
  }
};

// RFC 7959 figure 2: simple block-wise GET.
TEST_F(BlockwiseTest, AnswerInBlocksThenFetchedAndJoined) {
  Start();
  const std::string body = Pattern(128 * 2 + 40);
  Request request = Get("status");
  request.options.push_back(TextOption(OptionNumber::kUriQuery, "since=s1"));
  const RequestId id = session->Send(now, request);
  const Sent first = Next();
  EXPECT_FALSE(first.block(OptionNumber::kBlock2));
  ServeBlock2(first, body, 3);
  const Sent second = Next();
  EXPECT_EQ(second.block(OptionNumber::kBlock2), (Block{1, false, 3}));
  EXPECT_EQ(second.view.token, first.view.token);
  EXPECT_NE(second.view.message_id, first.view.message_id);
  EXPECT_EQ(AsText(*second.view.Find(OptionNumber::kUriPath)), "status");
  EXPECT_EQ(AsText(*second.view.Find(OptionNumber::kUriQuery)), "since=s1");
  ServeBlock2(second, body, 3);
  const Sent third = Next();
  EXPECT_EQ(third.block(OptionNumber::kBlock2), (Block{2, false, 3}));
  ServeBlock2(third, body, 3);
  ExpectResponse(id, coap::kContent, body);
  ExpectSilence();
}

// RFC 7959 figure 3: early negotiation.
TEST_F(BlockwiseTest, SmallBlocksWantedThenAskedForInTheFirstRequest) {
  Config config = PlainConfig();
  config.block_szx = 2;
  Start(config);
  const std::string body = Pattern(150);
  const RequestId id = session->Send(now, Get("status"));
  for (uint32_t number = 0; number < 3; ++number) {
    const Sent request = Next();
    EXPECT_EQ(request.block(OptionNumber::kBlock2), (Block{number, false, 2}));
    ServeBlock2(request, body, 6);
  }
  ExpectResponse(id, coap::kContent, body);
}

// RFC 7959 figure 4 seen from the client: the server goes down in size on the way.
TEST_F(BlockwiseTest, ServerShrinksBlocksThenNumbersAreScaled) {
  Start();
  const std::string body = Pattern(300);
  const RequestId id = session->Send(now, Get("status"));
  ServeBlock2(Next(), body, 3);
  const Sent second = Next();
  EXPECT_EQ(second.block(OptionNumber::kBlock2), (Block{1, false, 3}));
  Piggyback(second, coap::kContent, {Block2(2, true, 2)}, body.substr(128, 64));
  const Sent third = Next();
  EXPECT_EQ(third.block(OptionNumber::kBlock2), (Block{3, false, 2}));
  ServeBlock2(third, body, 2);
  ServeBlock2(Next(), body, 2);
  ExpectResponse(id, coap::kContent, body);
}

// RFC 7959 figure 5: a block is lost and retransmitted by the client.
TEST_F(BlockwiseTest, LostBlockThenAskedForAgain) {
  Start();
  const std::string body = Pattern(200);
  const RequestId id = session->Send(now, Get("status"));
  ServeBlock2(Next(), body, 3);
  const Sent lost = Next();
  Pass(std::chrono::seconds(3));
  const Sent again = Next();
  EXPECT_EQ(lost.raw, again.raw);
  ServeBlock2(again, body, 3);
  ExpectResponse(id, coap::kContent, body);
}

TEST_F(BlockwiseTest, BlocksInSeparateAnswersThenJoined) {
  Start();
  const std::string body = Pattern(200);
  const RequestId id = session->Send(now, Get("status"));
  const Sent first = Next();
  Empty(Type::kAcknowledgement, first.view.message_id);
  Deliver(Message(Type::kConfirmable, coap::kContent, 100, first.view.token, {Block2(0, true, 3)},
                  body.substr(0, 128)));
  EXPECT_EQ(Next().view.type, Type::kAcknowledgement);
  const Sent second = Next();
  EXPECT_EQ(second.view.type, Type::kConfirmable);
  // A late copy of the first block must not be taken for the second.
  Deliver(Message(Type::kConfirmable, coap::kContent, 100, first.view.token, {Block2(0, true, 3)},
                  body.substr(0, 128)));
  EXPECT_EQ(Next().view.type, Type::kAcknowledgement);
  Deliver(Message(Type::kConfirmable, coap::kContent, 101, second.view.token, {Block2(1, false, 3)},
                  body.substr(128)));
  EXPECT_EQ(Next().view.type, Type::kAcknowledgement);
  ExpectResponse(id, coap::kContent, body);
}

TEST_F(BlockwiseTest, ETagChangesThenBroken) {
  Start();
  const std::string body = Pattern(300);
  const RequestId id = session->Send(now, Get("status"));
  ServeBlock2(Next(), body, 3, "v1");
  ServeBlock2(Next(), body, 3, "v2");
  ExpectFailed(id, Failure::kBlockwise);
  ExpectSilence();
}

// Only Lowband has the packed format, and it finds a body without them.
TEST_F(BlockwiseTest, PackedThenQueriesAndAcceptAreInTheFirstRequestOnly) {
  Start();
  const std::string body = Pattern(128 * 2 + 40);
  Request request = Get("37");
  request.options.push_back(TextOption(OptionNumber::kUriQuery, "since=s1"));
  request.options.push_back(UintOption(OptionNumber::kAccept, coap::kFormatPacked));
  const RequestId id = session->Send(now, request);
  const auto serve = [&](const Sent& asked, std::string_view etag) {
    const Block block = asked.block(OptionNumber::kBlock2).value_or(Block{0, false, 3});
    Piggyback(asked, coap::kContent,
              {TextOption(OptionNumber::kETag, etag),
               UintOption(OptionNumber::kContentFormat, coap::kFormatPacked),
               Block2(block.number, block.offset() + 128 < body.size(), 3)},
              body.substr(block.offset(), 128));
  };
  serve(Next(), "v1");
  const Sent second = Next();
  EXPECT_EQ(second.block(OptionNumber::kBlock2), (Block{1, false, 3}));
  EXPECT_EQ(AsText(*second.view.Find(OptionNumber::kUriPath)), "37");
  EXPECT_FALSE(second.view.Has(OptionNumber::kUriQuery));
  EXPECT_FALSE(second.view.Has(OptionNumber::kAccept));
  // Another body, or none: then the whole request names the one that is meant.
  serve(second, "v2");
  const Sent whole = Next();
  EXPECT_EQ(whole.block(OptionNumber::kBlock2), (Block{1, false, 3}));
  EXPECT_EQ(AsText(*whole.view.Find(OptionNumber::kUriQuery)), "since=s1");
  EXPECT_TRUE(whole.view.Has(OptionNumber::kAccept));
  serve(whole, "v1");
  serve(Next(), "v1");
  ExpectResponse(id, coap::kContent, body);
}

TEST_F(BlockwiseTest, PackedAndAnErrorTwiceThenTheErrorIsTheAnswer) {
  Start();
  Request request = Get("37");
  request.options.push_back(TextOption(OptionNumber::kUriQuery, "since=s1"));
  const RequestId id = session->Send(now, request);
  Piggyback(Next(), coap::kContent,
            {UintOption(OptionNumber::kContentFormat, coap::kFormatPacked), Block2(0, true, 3)},
            Pattern(128));
  Piggyback(Next(), coap::kRequestEntityIncomplete, {}, "gone");
  const Sent whole = Next();
  EXPECT_TRUE(whole.view.Has(OptionNumber::kUriQuery));
  Piggyback(whole, coap::kRequestEntityIncomplete, {}, "gone");
  ExpectResponse(id, coap::kRequestEntityIncomplete, "gone");
}

TEST_F(BlockwiseTest, WrongBlockNumberThenBroken) {
  Start();
  const RequestId id = session->Send(now, Get("status"));
  Piggyback(Next(), coap::kContent, {Block2(0, true, 3)}, Pattern(128));
  Piggyback(Next(), coap::kContent, {Block2(2, true, 3)}, Pattern(128));
  ExpectFailed(id, Failure::kBlockwise);
}

TEST_F(BlockwiseTest, FirstBlockIsNotTheFirstThenBroken) {
  Start();
  const RequestId id = session->Send(now, Get("status"));
  Piggyback(Next(), coap::kContent, {Block2(1, false, 3)}, Pattern(10));
  ExpectFailed(id, Failure::kBlockwise);
}

TEST_F(BlockwiseTest, ShortBlockInTheMiddleThenBroken) {
  Start();
  const RequestId id = session->Send(now, Get("status"));
  Piggyback(Next(), coap::kContent, {Block2(0, true, 3)}, Pattern(100));
  ExpectFailed(id, Failure::kBlockwise);
}

TEST_F(BlockwiseTest, ReservedBlockSizeThenBroken) {
  Start();
  const RequestId id = session->Send(now, Get("status"));
  Piggyback(Next(), coap::kContent, {Block2(0, true, 7)}, Pattern(100));
  ExpectFailed(id, Failure::kBlockwise);
}

TEST_F(BlockwiseTest, AnswerOverTheLimitThenBroken) {
  Config config = PlainConfig();
  config.response_bytes_max = 200;
  Start(config);
  const RequestId id = session->Send(now, Get("status"));
  Piggyback(Next(), coap::kContent, {Block2(0, true, 3)}, Pattern(128));
  Piggyback(Next(), coap::kContent, {Block2(1, true, 3)}, Pattern(128));
  ExpectFailed(id, Failure::kBlockwise);
}

TEST_F(BlockwiseTest, ErrorInTheMiddleOfAFetchThenItIsTheAnswer) {
  Start();
  const RequestId id = session->Send(now, Get("status"));
  Piggyback(Next(), coap::kContent, {Block2(0, true, 3)}, Pattern(128));
  Piggyback(Next(), coap::kBadGateway, {}, "gone");
  ExpectResponse(id, coap::kBadGateway, "gone");
}

// RFC 7959 figure 8: simple atomic block-wise PUT.
TEST_F(BlockwiseTest, LargeBodyThenUploadedInBlocks) {
  Config config = PlainConfig();
  config.block_szx = 3;
  Start(config);
  const std::string body = Pattern(300);
  const RequestId id = session->Send(now, Put("options", body));
  std::string got;
  for (uint32_t number = 0; number < 3; ++number) {
    const Sent sent = Next();
    EXPECT_EQ(sent.view.code, coap::kPut);
    EXPECT_EQ(sent.block(OptionNumber::kBlock1), (Block{number, number < 2, 3}));
    EXPECT_EQ(sent.view.FindUint(OptionNumber::kSize1),
              number == 0 ? std::optional<uint32_t>(300) : std::nullopt);
    EXPECT_EQ(AsText(*sent.view.Find(OptionNumber::kUriPath)), "options");
    got += sent.payload();
    Piggyback(sent, number < 2 ? coap::kContinue : coap::kChanged, {Block1(number, number < 2, 3)},
              number < 2 ? "" : "done");
  }
  EXPECT_EQ(got, body);
  ExpectResponse(id, coap::kChanged, "done");
}

TEST_F(BlockwiseTest, BodyOfExactlyOneBlockThenNoBlockOption) {
  Start();
  session->Send(now, Put("options", Pattern(1024)));
  const Sent sent = Next();
  EXPECT_FALSE(sent.view.Has(OptionNumber::kBlock1));
  EXPECT_EQ(sent.payload().size(), 1024u);
}

TEST_F(BlockwiseTest, BodyOfExactlyTwoBlocksThenSecondIsTheLast) {
  Start();
  session->Send(now, Put("options", Pattern(2048)));
  Piggyback(Next(), coap::kContinue, {Block1(0, true, 6)});
  EXPECT_EQ(Next().block(OptionNumber::kBlock1), (Block{1, false, 6}));
}

// RFC 7959 figure 10: the server wants smaller blocks; the number is scaled.
TEST_F(BlockwiseTest, ServerShrinksUploadThenNextNumberIsScaled) {
  Config config = PlainConfig();
  config.block_szx = 3;
  Start(config);
  const std::string body = Pattern(200);
  const RequestId id = session->Send(now, Put("options", body));
  const Sent first = Next();
  EXPECT_EQ(first.payload().size(), 128u);
  Piggyback(first, coap::kContinue, {Block1(0, true, 1)});
  std::string got = first.payload();
  for (uint32_t number = 4; number < 7; ++number) {
    const Sent sent = Next();
    EXPECT_EQ(sent.block(OptionNumber::kBlock1), (Block{number, number < 6, 1}));
    got += sent.payload();
    Piggyback(sent, number < 6 ? coap::kContinue : coap::kChanged, {Block1(number, number < 6, 1)});
  }
  EXPECT_EQ(got, body);
  ExpectResponse(id, coap::kChanged, "");
}

// RFC 7959 §2.9.3: 4.13 with a smaller size is advice, not refusal.
TEST_F(BlockwiseTest, TooLargeWithSmallerSizeThenStartsOverSmaller) {
  Start();
  const RequestId id = session->Send(now, Put("options", Pattern(1500)));
  Piggyback(Next(), coap::kRequestEntityTooLarge, {Block1(0, true, 5)});
  const Sent smaller = Next();
  EXPECT_EQ(smaller.block(OptionNumber::kBlock1), (Block{0, true, 5}));
  Piggyback(smaller, coap::kRequestEntityTooLarge, {Block1(0, true, 5)}, "no");
  ExpectResponse(id, coap::kRequestEntityTooLarge, "no");
}

TEST_F(BlockwiseTest, TooLargeForOneDatagramThenStartsOverInBlocks) {
  Start();
  const RequestId id = session->Send(now, Put("options", Pattern(300)));
  Piggyback(Next(), coap::kRequestEntityTooLarge, {Block1(0, false, 4)});
  EXPECT_EQ(Next().block(OptionNumber::kBlock1), (Block{0, true, 4}));
  session->Cancel(id);
}

TEST_F(BlockwiseTest, TooLargeWithoutAdviceThenItIsTheAnswer) {
  Start();
  const RequestId id = session->Send(now, Put("options", Pattern(1500)));
  Piggyback(Next(), coap::kRequestEntityTooLarge, {}, "limit is 1000");
  ExpectResponse(id, coap::kRequestEntityTooLarge, "limit is 1000");
  ExpectSilence();
}

TEST_F(BlockwiseTest, IncompleteThenStartsOverAFewTimesAndSaysSo) {
  std::vector<RequestId> restarted;
  Config config = PlainConfig();
  config.upload_restarted = [&restarted](RequestId which) { restarted.push_back(which); };
  Start(config);
  const RequestId id = session->Send(now, Put("options", Pattern(3000)));
  for (unsigned restart = 0; restart < kUploadRestartsMax; ++restart) {
    Piggyback(Next(), coap::kContinue, {Block1(0, true, 6)});
    const Sent second = Next();
    EXPECT_EQ(second.block(OptionNumber::kBlock1), (Block{1, true, 6}));
    Piggyback(second, coap::kRequestEntityIncomplete);
  }
  const Sent last = Next();
  EXPECT_EQ(last.block(OptionNumber::kBlock1), (Block{0, true, 6}));
  Piggyback(last, coap::kRequestEntityIncomplete, {}, "gap");
  EXPECT_EQ(restarted, std::vector<RequestId>(kUploadRestartsMax, id));
  ExpectResponse(id, coap::kRequestEntityIncomplete, "gap");
}

// RFC 7959 figure 9: a server that acts on each block.
TEST_F(BlockwiseTest, EachBlockChangedThenUploadGoesOn) {
  Start();
  const RequestId id = session->Send(now, Put("options", Pattern(2000)));
  Piggyback(Next(), coap::kChanged, {Block1(0, false, 6)});
  const Sent last = Next();
  EXPECT_EQ(last.block(OptionNumber::kBlock1), (Block{1, false, 6}));
  Piggyback(last, coap::kChanged, {Block1(1, false, 6)}, "ok");
  ExpectResponse(id, coap::kChanged, "ok");
}

TEST_F(BlockwiseTest, FinalCodeBeforeTheLastBlockThenItIsTheAnswer) {
  Start();
  const RequestId id = session->Send(now, Put("options", Pattern(5000)));
  Piggyback(Next(), coap::kUnauthorized, {}, "who?");
  ExpectResponse(id, coap::kUnauthorized, "who?");
  ExpectSilence();
}

TEST_F(BlockwiseTest, ContinueForAnotherBlockThenBroken) {
  Start();
  const RequestId id = session->Send(now, Put("options", Pattern(5000)));
  Piggyback(Next(), coap::kContinue, {Block1(3, true, 6)});
  ExpectFailed(id, Failure::kBlockwise);
}

TEST_F(BlockwiseTest, ContinueAfterTheLastBlockThenBroken) {
  Start();
  const RequestId id = session->Send(now, Put("options", Pattern(1500)));
  Piggyback(Next(), coap::kContinue, {Block1(0, true, 6)});
  Piggyback(Next(), coap::kContinue, {Block1(1, false, 6)});
  ExpectFailed(id, Failure::kBlockwise);
}

// RFC 7959 figure 11: a POST in blocks with an answer in blocks.
TEST_F(BlockwiseTest, BlocksBothWaysThenFollowUpsCarryNoBodyAndNoBlock1) {
  Start();
  const std::string upload = Pattern(1500);
  const std::string answer = Pattern(2100);
  Request request = Put("sync", upload);
  request.method = coap::kPost;
  const RequestId id = session->Send(now, request);
  Piggyback(Next(), coap::kContinue, {Block1(0, true, 6)});
  Piggyback(Next(), coap::kChanged, {Block1(1, false, 6), Block2(0, true, 6)},
            answer.substr(0, 1024));
  const Sent second = Next();
  EXPECT_EQ(second.view.code, coap::kPost);
  EXPECT_FALSE(second.view.Has(OptionNumber::kBlock1));
  EXPECT_TRUE(second.view.payload.empty());
  EXPECT_EQ(second.block(OptionNumber::kBlock2), (Block{1, false, 6}));
  Piggyback(second, coap::kChanged, {Block2(1, true, 6)}, answer.substr(1024, 1024));
  Piggyback(Next(), coap::kChanged, {Block2(2, false, 6)}, answer.substr(2048));
  ExpectResponse(id, coap::kChanged, answer);
}

TEST_F(BlockwiseTest, RandomSizesThenWholeBodiesBothWays) {
  const auto sizes = MakeSeededRandom(7);
  for (int round = 0; round < 200; ++round) {
    Config config = PlainConfig();
    config.block_szx = static_cast<uint8_t>(sizes->Below(7));
    Start(config);
    const std::string upload = Pattern(sizes->Below(5000));
    const std::string answer = Pattern(sizes->Below(5000));
    const auto server_szx = static_cast<uint8_t>(sizes->Below(7));
    const RequestId id = session->Send(now, Put("x", upload));
    std::string got;
    while (auto datagram = session->PollTransmit()) {
      const Sent sent(*datagram);
      const auto block1 = sent.block(OptionNumber::kBlock1);
      got += sent.payload();
      if (block1 && block1->more) {
        Piggyback(sent, coap::kContinue,
                  {Block1(block1->number, true, std::min(block1->szx, server_szx))});
      } else {
        ServeBlock2(sent, answer, server_szx);
      }
    }
    EXPECT_EQ(got, upload);
    ExpectResponse(id, coap::kContent, answer);
  }
}

}  // namespace
}  // namespace lowband::client
