#include "services/edge/request/ledger_share.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <string>

#include "services/edge/request/token_share.h"

namespace lowband::edge::request {
namespace {

using admission::Holder;
using admission::Ledger;
using admission::Network;
using admission::Standing;
using admission::Yield;

TimePoint At(int s) { return TimePoint() + std::chrono::seconds(s); }
Holder Unproven(uint64_t network, unsigned worker = 0) {
  return {Network{network}, Standing::kUnproven, worker};
}
Holder Proven(uint64_t network, unsigned worker = 0) {
  return {Network{network}, Standing::kProven, worker};
}
Held Thing(uint64_t id) { return {HeldKind::kDownload, SessionId{1}, id}; }

TEST(LedgerShare, BookingEndsThenTheLedgerHasItBack) {
  Ledger ledger(100, Yield::kToProven);
  LedgerShare share(ledger, {}, 0);
  {
    Booking booking = share.Take(At(0), Unproven(1), Thing(1), 40);
    ASSERT_TRUE(booking.Grow(At(0), 20));
    EXPECT_EQ(ledger.usage().held[0], 60u);
    EXPECT_EQ(booking.amount(), 60u);
    const Booking moved = std::move(booking);
    EXPECT_FALSE(booking);
    EXPECT_EQ(ledger.usage().held[0], 60u);
  }
  EXPECT_EQ(ledger.usage().held[0], 0u);
  EXPECT_EQ(share.used(), 0u);
  EXPECT_EQ(ledger.usage().networks, 0u);
}

TEST(LedgerShare, FullThenTheHeaviestNetworksLeastRecentlyUsedGoesByRank) {
  Ledger ledger(100, Yield::kToProven);
  LedgerShare share(ledger, {.partial_sheltered = std::chrono::seconds(10)}, 0);
  Booking needed = share.Take(At(0), Unproven(1), Thing(1), 30);
  Booking one = share.Take(At(0), Unproven(1), Thing(2), 30, Rank::kPartial);
  Booking two = share.Take(At(0), Unproven(1), Thing(3), 30, Rank::kPartial);
  Booking other = share.Take(At(0), Unproven(2), Thing(4), 10, Rank::kLeftOver);
  one.Use(At(1));
  const Booking newcomer = share.Take(At(2), Unproven(3), Thing(5), 1);
  ASSERT_TRUE(newcomer);
  EXPECT_TRUE(share.wants_room());
  EXPECT_EQ(share.NextToGo()->id, 3u);
  two.Reset();
  EXPECT_FALSE(share.NextToGo());
  EXPECT_FALSE(share.wants_room());
}

TEST(LedgerShare, FullByTheNewcomersOwnNetworkThenWhatIsInUseStays) {
  Ledger ledger(100, Yield::kToProven);
  LedgerShare share(ledger, {.partial_sheltered = std::chrono::seconds(10)}, 0);
  const Booking one = share.Take(At(0), Unproven(1), Thing(1), 100, Rank::kPartial);
  EXPECT_FALSE(share.Take(At(9), Unproven(1), Thing(2), 10));
  EXPECT_EQ(ledger.usage().held[0], 100u);
  EXPECT_TRUE(share.Take(At(9), Proven(1), Thing(2), 10)) << "known to the homeserver";
  EXPECT_TRUE(share.Take(At(10), Unproven(1), Thing(2), 10));
}

TEST(LedgerShare, AnotherWorkerHasMostThenItIsAskedAndKnowsWhatGoes) {
  Ledger ledger(100, Yield::kToProven);
  LedgerShare here(ledger, {}, 0);
  LedgerShare there(ledger, {}, 3);
  Booking old = there.Take(At(0), Unproven(1, 3), Thing(7), 60);
  const Booking young = there.Take(At(1), Unproven(1, 3), Thing(8), 40);
  const Booking newcomer = here.Take(At(2), Unproven(2), Thing(1), 5);
  ASSERT_TRUE(newcomer);
  EXPECT_FALSE(here.NextToGo());
  EXPECT_EQ(here.TakeRelief(), 3u);
  EXPECT_EQ(there.NextToGo()->id, 7u);
  old.Reset();
  EXPECT_FALSE(there.NextToGo());
  EXPECT_FALSE(there.TakeRelief());
}

TEST(LedgerShare, WhatGoesCostsASessionThenOnlyANetworkWithMoreMakesRoomOnWhicheverWorker) {
  Ledger ledger(3, Yield::kToAll);
  LedgerShare here(ledger, {.costs_session = true}, 0);
  LedgerShare there(ledger, {.costs_session = true}, 3);
  const Booking two = there.Take(At(0), Unproven(1, 3), Thing(1), 1);
  const Booking more = there.Take(At(0), Unproven(1, 3), Thing(2), 1);
  Booking one = here.Take(At(0), Unproven(2), Thing(3), 1);
  EXPECT_FALSE(here.Take(At(1), Unproven(2), Thing(4), 1)) << "it would have two as well";
  EXPECT_FALSE(there.Take(At(1), Unproven(1, 3), Thing(5), 1)) << "it has most itself";
  EXPECT_EQ(ledger.usage().held[0], 3u);
  const Booking newcomer = here.Take(At(1), Unproven(3), Thing(6), 1);
  ASSERT_TRUE(newcomer);
  EXPECT_FALSE(here.NextToGo());
  EXPECT_EQ(here.TakeRelief(), 3u);
  EXPECT_EQ(there.NextToGo()->id, 1u);
  one.Reset();
  const Booking known = here.Take(At(2), Proven(2), Thing(7), 1);
  EXPECT_TRUE(known);
}

TEST(LedgerShare, NetworkHasNoMoreThanOneSessionMayThenTheNewcomerWaits) {
  Ledger ledger(2, Yield::kToAll);
  LedgerShare share(ledger, {.modest = 2}, 0);
  const Booking one = share.Take(At(0), Unproven(1), Thing(1), 2);
  EXPECT_FALSE(share.Take(At(0), Unproven(2), Thing(2), 1));
  EXPECT_FALSE(share.NextToGo());
}

TEST(LedgerShare, SparePlacesGoWhenSomebodyNeedsThem) {
  Ledger ledger(4, Yield::kToProven);
  LedgerShare share(ledger, {.spare_max = 3}, 0);
  share.Take(At(0), Unproven(1), Thing(1), 3).Reset();
  EXPECT_EQ(ledger.usage().held[0], 3u) << "for its next ones";
  const Booking own = share.Take(At(0), Unproven(1), Thing(2), 2);
  EXPECT_EQ(ledger.usage().held[0], 3u);
  const Booking other = share.Take(At(0), Unproven(2), Thing(3), 2);
  EXPECT_TRUE(other);
  EXPECT_EQ(ledger.usage().held[0], 4u);
  EXPECT_FALSE(share.wants_room());
}

// Spare places that go first are no room that others made, nor is what would be for nought.
TEST(LedgerShare, NoRoomThenWhatBecameOfTheNewcomerIsCountedOnce) {
  Ledger ledger(3, Yield::kToAll);
  LedgerShare share(ledger, {.needed_sheltered = Duration::max(), .spare_max = 3}, 0);
  const auto counted = [&] {
    const Ledger::Usage usage = ledger.usage();
    return std::to_string(usage.made_room) + " " + std::to_string(usage.refused);
  };
  share.Take(At(0), Unproven(1), Thing(1), 3).Reset();
  const Booking all = share.Take(At(0), Unproven(2), Thing(2), 3);
  ASSERT_TRUE(all);
  EXPECT_EQ(counted(), "0 0");
  EXPECT_FALSE(share.Take(At(0), Unproven(2), Thing(3), 1)) << "at the cost of its own";
  EXPECT_EQ(counted(), "0 1");
  EXPECT_FALSE(share.TakeIfFree(At(0), Unproven(3), Thing(4), 1));
  EXPECT_EQ(counted(), "0 1") << "it was to be had for nothing, or not at all";
  const Booking other = share.Take(At(0), Unproven(3), Thing(4), 1);
  ASSERT_TRUE(other);
  EXPECT_EQ(counted(), "1 1");
  EXPECT_FALSE(share.Take(At(0), Unproven(3), Thing(5), 4)) << "more than there can be";
  EXPECT_EQ(counted(), "1 2");
}

TEST(LedgerShare, ClientMovesOrIsProvenThenItsBookingsDo) {
  Ledger ledger(100, Yield::kToProven);
  LedgerShare share(ledger, {}, 0);
  Booking booking = share.Take(At(0), Unproven(1), Thing(1), 40);
  booking.Rebook(Proven(2));
  EXPECT_EQ(ledger.usage().held[0], 0u);
  EXPECT_EQ(ledger.usage().held[1], 40u);
  booking.Reset();
  EXPECT_EQ(ledger.usage().networks, 0u);
}

// Any order of calls: what the ledger has is what is held and spare, and ends at nothing.
TEST(LedgerShare, AnyOrderThenTheLedgerKeepsCount) {
  std::mt19937 random(3);
  Ledger ledger(200, Yield::kToAll);
  LedgerShare share(ledger, {.modest = 3, .spare_max = 10}, 0);
  std::map<uint64_t, Booking> held;
  uint64_t last = 0;
  for (int step = 0; step < 20'000; ++step) {
    const TimePoint now = At(step);
    const Holder holder = random() % 2 == 0 ? Unproven(random() % 4) : Proven(random() % 4);
    const auto any = held.empty() ? held.end() : std::next(held.begin(), random() % held.size());
    switch (random() % 5) {
      case 0:
      case 1: {
        const auto rank = static_cast<Rank>(random() % kRanks);
        Booking booking = share.Take(now, holder, Thing(++last), 1 + random() % 9, rank);
        if (booking) held[last] = std::move(booking);
        break;
      }
      case 2:
        if (any != held.end()) (void)any->second.Grow(now, 1 + random() % 4);
        break;
      case 3:
        if (any != held.end()) any->second.Rebook(holder);
        break;
      default:
        if (any != held.end()) held.erase(any);
    }
    while (const auto next = share.NextToGo()) held.erase(next->id);
    size_t sum = 0;
    for (const auto& [id, booking] : held) sum += booking.amount();
    ASSERT_EQ(share.used(), sum);
    const auto usage = ledger.usage();
    ASSERT_LE(sum, usage.held[0] + usage.held[1]);
    ASSERT_LE(usage.held[0] + usage.held[1], sum + 10);
  }
  held.clear();
  while (share.NextToGo()) {
  }
  EXPECT_EQ(share.used(), 0u);
}

TEST(TokenShare, TooManyPollsOfATokenThenItsOldestGoes) {
  admission::TokenTable table({.exchanges = 9, .polls = 2});
  TokenShare share(table, 0);
  const admission::TokenId token{7};
  auto one = share.TakePoll(token, Thing(1));
  auto two = share.TakePoll(token, Thing(2));
  EXPECT_FALSE(share.wants_room());
  auto short_one = share.TakeShort(token);
  short_one->BecomePoll(Thing(3));
  EXPECT_TRUE(share.wants_room());
  EXPECT_EQ(share.NextToGo()->id, 1u);
  one->Reset();
  EXPECT_FALSE(share.NextToGo());
  two->Name(Thing(20));
  short_one->Reset();
  two->Reset();
  EXPECT_EQ(table.size(), 0u);
}

}  // namespace
}  // namespace lowband::edge::request
