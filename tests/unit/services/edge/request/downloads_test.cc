#include "services/edge/request/downloads.h"

#include <gtest/gtest.h>

#include <set>

namespace lowband::edge::request {
namespace {

TimePoint At(int s) { return TimePoint() + std::chrono::seconds(s); }

coap::Token TokenOf(uint8_t byte) { return coap::Token(ByteView(&byte, 1)); }

class DownloadsTest : public ::testing::Test {
 protected:
  static Config SmallConfig() {
    Config config;
    config.downloads_per_session_max = config.small_downloads_per_session_max = 3;
    return config;
  }
  // Keys by small numbers: 12 is path 1 with queries 2.
  static TransferKey Key(unsigned path, unsigned queries, unsigned method = 1) {
    TransferKey key;
    key.path = path;
    key.queries = queries;
    key.resource = method * 10'000 + path * 100 + queries;
    key.method = static_cast<v1::Method>(method);
    return key;
  }
  static TransferKey Accepting(uint32_t format, TransferKey key) {
    key.accept = format;
    return key;
  }
  static TransferKey Tagged(uint64_t tag, TransferKey key) {
    key.tag = tag;
    return key;
  }
  static TransferKey WithBody(uint32_t format, TransferKey key) {
    key.content_format = format;
    return key;
  }
  std::optional<Downloads::Entry> Add(TransferKey key, uint8_t token, size_t bytes = 2000,
                                      int at_s = 0, uint64_t session = 1) {
    Download body;
    body.session = SessionId{session};
    body.key = key;
    body.token = TokenOf(token);
    body.body = KeptBody(Bytes(bytes));
    const auto download = pinned_.Add(At(at_s), {}, body);
    while (const auto held = room_.NextToGo()) pinned_.GiveUp(held->session, held->id);
    return download;
  }
  std::optional<Downloads::Entry> Find(TransferKey key, uint8_t token, uint64_t sent = 0,
                                       uint64_t session = 1) {
    const auto found =
        pinned_.Find({SessionId{session}, key, TokenOf(token), message::SendId{sent}});
    several_ = found.match == Match::kSeveral;
    if (found.match != Match::kOne) return std::nullopt;
    return found.download;
  }

  std::unique_ptr<Random> random_ = MakeSeededRandom(1);
  Counters counters_;
  admission::Ledger ledger_{10'000, admission::Yield::kToProven};
  LedgerShare room_{ledger_, {.partial_sheltered = kDownloadSheltered}, 0};
  Downloads pinned_{SmallConfig(), room_, room_, *random_, counters_};
  bool several_ = false;  ///< Said by the last Find.
};

TEST_F(DownloadsTest, EntityTagsDiffer) {
  std::set<std::array<uint8_t, kEntityTagBytes>> tags;
  for (int i = 0; i < 1000; ++i) {
    const auto download = Add(Key(1, 1), 1, 1);
    ASSERT_TRUE(download);
    EXPECT_TRUE(tags.insert((*download)->entity_tag).second);
  }
  EXPECT_EQ(pinned_.size(), 1u) << "the same request under the same token replaces";
}

TEST_F(DownloadsTest, FollowUpIsMatchedByTheSurestSign) {
  const auto queries1 = Add(Key(1, 1), 1);
  const auto queries2 = Add(Key(1, 2), 2);
  pinned_.Served(At(1), *queries1, message::SendId{7}, false);
  pinned_.Served(At(2), *queries2, message::SendId{}, false);
  EXPECT_EQ(Find(Key(1, 1), 9), queries1) << "method, path and queries";
  EXPECT_EQ(Find(Key(1, 2), 1), queries2) << "queries beat the token";
  EXPECT_EQ(Find(Key(1, 0), 1), queries1) << "no queries: the token tells";
  EXPECT_EQ(Find(Key(1, 0), 9), std::nullopt) << "no queries, no token: nothing tells";
  EXPECT_TRUE(several_);
  EXPECT_EQ(Find(Key(1, 2, 3), 2), std::nullopt) << "another method";
  EXPECT_FALSE(several_);
  EXPECT_EQ(Find(Key(1, 0), 2, 7), queries1) << "the block it acknowledges beats the token";
  EXPECT_EQ(Find(Key(5, 5), 9, 7), std::nullopt) << "the block it acknowledges, of another path";
  EXPECT_EQ(Find(Key(1, 3), 1), std::nullopt) << "other queries: another body";
  EXPECT_EQ(Find(Key(2, 1), 1), std::nullopt) << "another path";
  EXPECT_EQ(Find(Key(1, 1), 1, 0, 2), std::nullopt) << "another session";
}

TEST_F(DownloadsTest, FollowUpGetsTheFormThatItAccepts) {
  const auto json = Add(Accepting(50, Key(1, 1)), 1);
  const auto cbor = Add(Accepting(60, Key(1, 1)), 2);
  EXPECT_EQ(Find(Accepting(50, Key(1, 1)), 9), json);
  EXPECT_EQ(Find(Accepting(60, Key(1, 1)), 9), cbor);
  EXPECT_EQ(Find(Accepting(50, Key(1, 1)), 2), json) << "the form beats the token";
  EXPECT_EQ(Find(Accepting(42, Key(1, 1)), 1), std::nullopt);
  EXPECT_EQ(Find(Key(1, 1), 2), cbor) << "left out: the token tells";
  EXPECT_EQ(Find(Key(1, 1), 9), std::nullopt);
  EXPECT_TRUE(several_);
}

TEST_F(DownloadsTest, RequestTagsKeepTransfersOfOneResourceApart) {
  const auto one = Add(Tagged(1, Key(1, 0, 2)), 1);
  const auto two = Add(Tagged(2, Key(1, 0, 2)), 2);
  EXPECT_EQ(Find(Tagged(1, Key(1, 0, 2)), 9), one);
  EXPECT_EQ(Find(Tagged(2, Key(1, 0, 2)), 9), two);
  EXPECT_EQ(Find(Tagged(3, Key(1, 0, 2)), 1), std::nullopt);
  EXPECT_FALSE(several_);
}

TEST_F(DownloadsTest, BodiesOfFetchesKeepTransfersOfOneResourceApart) {
  const auto by = [](uint64_t body, uint64_t tag = 0) {
    TransferKey key = Key(1, 0, v1::FETCH);
    key.body = body;
    key.tag = tag;
    return key;
  };
  const auto one = Add(by(1), 1);
  const auto two = Add(by(2), 2);
  EXPECT_EQ(Find(by(1), 9), one);
  EXPECT_EQ(Find(by(2), 1), two) << "the body beats the token";
  EXPECT_EQ(Find(by(3), 1), std::nullopt);
  EXPECT_FALSE(several_);
  EXPECT_EQ(Find(by(0), 2), two) << "left out: the token tells";
  EXPECT_EQ(Find(by(0), 9), std::nullopt);
  EXPECT_TRUE(several_);
}

// A client that asks with a new token for each block has one transfer of a request at a time.
TEST_F(DownloadsTest, FetchOfAnotherBodyThenTheFirstTransferGoesOn) {
  TransferKey key = Key(1, 0, v1::FETCH);
  key.body = 1;
  const auto one = Add(key, 1);
  (*one)->fetch_token = TokenOf(9);
  key.body = 2;
  (void)Add(key, 2);
  EXPECT_EQ(pinned_.size(), 2u);
  (void)Add(key, 3);
  key.body = 1;
  (void)Add(key, 4);
  EXPECT_EQ(pinned_.size(), 3u) << "begun anew";
}

TEST_F(DownloadsTest, OfTwoPostsNothingButTheTokenTells) {
  const auto one = Add(WithBody(60, Key(1, 0, 2)), 1);
  const auto two = Add(WithBody(60, Key(1, 0, 2)), 2);
  EXPECT_EQ(Find(Key(1, 0, 2), 1), one) << "no payload, no Content-Format";
  EXPECT_EQ(Find(WithBody(60, Key(1, 0, 2)), 2), two);
  EXPECT_EQ(Find(Key(1, 0, 2), 9), std::nullopt);
  EXPECT_TRUE(several_);
  EXPECT_EQ(Find(WithBody(50, Key(1, 0, 2)), 1), std::nullopt) << "the body was no JSON";
  pinned_.Served(At(1), *one, {}, true);
  EXPECT_EQ(Find(Key(1, 0, 2), 9), two) << "the client has the other one";
}

TEST_F(DownloadsTest, OfTwoGetsOfOneKeyTheLatestIsMeant) {
  Add(Key(1, 0), 1);
  const auto two = Add(Key(1, 0), 2);
  EXPECT_EQ(Find(Key(1, 0), 9), two);
}

// Which would otherwise never get past one that it broke off.
TEST_F(DownloadsTest, PostOfAClientThatTakesANewTokenForEachBlockReplacesTheOneBefore) {
  const auto one = Add(Key(1, 0, 2), 1);
  (*one)->fetch_token = TokenOf(5);
  const auto two = Add(Key(1, 0, 2), 2);
  EXPECT_EQ(pinned_.size(), 1u);
  EXPECT_EQ(Find(Key(1, 0, 2), 6), two);
}

TEST_F(DownloadsTest, TwoTransfersOfOneResourceAreToldApartByTheirTokens) {
  const auto one = Add(Key(1, 1), 1);
  const auto two = Add(Key(1, 1), 2);
  EXPECT_EQ(Find(Key(1, 1), 1), one);
  EXPECT_EQ(Find(Key(1, 1), 2), two);
}

TEST_F(DownloadsTest, OverTheSessionsShareThenTheFinishedGoesFirst) {
  const auto one = Add(Key(1, 0), 1, 100, 0);
  const auto two = Add(Key(2, 0), 2, 100, 1);
  Add(Key(3, 0), 3, 100, 2);
  pinned_.Served(At(3), *two, {}, true);
  Add(Key(4, 0), 4, 100, 4);
  EXPECT_EQ(Find(Key(2, 0), 2), std::nullopt);
  EXPECT_EQ(counters_.downloads_evicted, 0u);
  EXPECT_EQ(Find(Key(1, 0), 1), one);
  Add(Key(5, 0), 5, 100, 5);
  EXPECT_EQ(Find(Key(1, 0), 1), std::nullopt) << "then the one used least recently";
  EXPECT_EQ(counters_.downloads_evicted, 1u);
  EXPECT_EQ(pinned_.size(), 3u);
}

// Else parallel requests for a few kilobytes each would push out each other's for ever.
TEST_F(DownloadsTest, SmallOnesAndLargeOnesThenEachKindHasItsShare) {
  Config config;
  config.downloads_per_session_max = 1;
  admission::Ledger ledger(size_t{16} << 20, admission::Yield::kToProven);
  LedgerShare room(ledger, {}, 0);
  Downloads download(config, room, room, *random_, counters_);
  const auto pin = [&](uint8_t token, size_t bytes) {
    Download body;
    body.session = SessionId{1};
    body.key = Key(token, 0);
    body.token = TokenOf(token);
    body.body = KeptBody(Bytes(bytes));
    return download.Add(At(token), {}, body);
  };
  for (uint8_t token = 1; token <= 32; ++token) pin(token, kSmallDownloadBytes);
  pin(101, kSmallDownloadBytes + 1);
  EXPECT_EQ(download.size(), 33u);
  pin(102, kSmallDownloadBytes + 1);
  pin(33, 100);
  EXPECT_EQ(download.size(), 33u);
  EXPECT_EQ(counters_.downloads_evicted, 2u);
}

TEST_F(DownloadsTest, WithoutRoomThenFinishedAndStaleOnesOfOthersGo) {
  const auto finished = Add(Key(1, 0), 1, 4000, 0, 1);
  Add(Key(1, 0), 1, 4000, 0, 2);
  pinned_.Served(At(0), *finished, {}, true);
  ASSERT_TRUE(Add(Key(1, 0), 1, 4000, 1, 3));
  EXPECT_EQ(Find(Key(1, 0), 1, 0, 1), std::nullopt);
  EXPECT_FALSE(Add(Key(1, 0), 1, 4000, 5, 4)) << "none is finished nor stale";
  EXPECT_TRUE(Find(Key(1, 0), 1, 0, 2));
  ASSERT_TRUE(Add(Key(1, 0), 1, 4000, 10, 4));
  EXPECT_EQ(Find(Key(1, 0), 1, 0, 2), std::nullopt);
  EXPECT_EQ(room_.used(), 8000u);
  EXPECT_FALSE(Add(Key(1, 0), 1, 10'001, 100, 5));
}

TEST_F(DownloadsTest, ExpiresAfterItsLastUseSoonerWhenFinished) {
  const auto one = Add(Key(1, 0), 1);
  const auto two = Add(Key(2, 0), 2);
  EXPECT_EQ(pinned_.NextDeadline(), At(300));
  pinned_.Served(At(100), *one, {}, false);
  pinned_.Served(At(200), *two, {}, true);
  EXPECT_EQ(pinned_.NextDeadline(), At(230));
  pinned_.Expire(At(230));
  EXPECT_EQ(pinned_.size(), 1u);
  EXPECT_EQ(pinned_.NextDeadline(), At(400));
  pinned_.Expire(At(400));
  EXPECT_EQ(pinned_.size(), 0u);
  EXPECT_EQ(room_.used(), 0u);
  EXPECT_EQ(counters_.downloads_abandoned, 1u);
}

TEST_F(DownloadsTest, RejectedOrForgottenThenItIsGone) {
  const auto one = Add(Key(1, 0), 1);
  Add(Key(2, 0), 2);
  Add(Key(1, 0), 1, 100, 0, 2);
  pinned_.Served(At(1), *one, message::SendId{5}, false);
  pinned_.Reject(SessionId{2}, message::SendId{5});
  EXPECT_EQ(pinned_.size(), 3u);
  pinned_.Reject(SessionId{1}, message::SendId{5});
  EXPECT_EQ(pinned_.size(), 2u);
  pinned_.Forget(SessionId{1});
  EXPECT_EQ(pinned_.size(), 1u);
  EXPECT_EQ(room_.used(), 100u);
}

TEST(BlockOf, CutsBodiesOfEveryLengthWithoutGapOrOverlap) {
  for (const size_t length : {1u, 15u, 16u, 17u, 1023u, 1024u, 1025u, 3000u}) {
    for (uint8_t szx = 0; szx <= 6; ++szx) {
      const KeptBody body(Bytes(length, 'x'));
      size_t covered = 0;
      for (uint32_t number = 0;; ++number) {
        const auto block = BlockOf(length, {number, true, szx}, 6);
        if (!block) break;
        EXPECT_EQ(block->offset(), covered);
        covered += body.At(*block).size();
        EXPECT_EQ(block->more, covered < length);
      }
      EXPECT_EQ(covered, length);
    }
  }
}

TEST(BlockOf, LargerThanWeGiveThenTheSamePlaceInSmallerBlocks) {
  EXPECT_EQ(BlockOf(4096, {1, false, 6}, 4), (coap::Block{4, true, 4}));
  EXPECT_EQ(BlockOf(4096, {3, false, 4}, 6), (coap::Block{3, true, 4}));
}

}  // namespace
}  // namespace lowband::edge::request
