// Who has a place and who makes one: several workers that share one Admission, attackers who hold
// what they can, and clients beside them who want little.
#include <malloc.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/edge/dtls/limits.h"
#include "tests/unit/services/edge/dtls/server_fixture.h"

namespace lowband::edge::dtls {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// The DTLS stages of a whole process. Clients without a connection id come to the worker of their
// port, as the kernel would have it by a hash of their address.
class RoomTest : public testing::Test {
 protected:
  RoomTest() : files_(WriteIdentity(folder_, *random_)) {
    credentials_ = std::move(*Credentials::Load(files_, MakeSeededRandom(2)));
  }

  void Start(const admission::Limits& limits, unsigned workers) {
    ASSERT_EQ(limits.Validate(), "");
    Config config;
    config.unproven_timeout = seconds(60);
    config.unproven_timeout_when_roomy = minutes(5);
    admission_ = std::make_unique<admission::Admission>(limits);
    for (unsigned i = 0; i < workers; ++i) {
      workers_.push_back(
          std::make_unique<Server>(config, *credentials_, *random_, i, workers, *admission_));
    }
  }
  unsigned WorkerOf(const SocketAddress& from) const {
    return from.port() % static_cast<unsigned>(workers_.size());
  }

  /// A client of its own, connected.
  DtlsPeer& Connect(const SocketAddress& from) {
    auto& peer = peers_[from];
    peer = std::make_unique<DtlsPeer>(*random_, DtlsPeer::Options{});
    sessions_.erase(from);
    peer->Advance(now_);
    Pump();
    return *peer;
  }
  /// Begins a handshake and never goes on with it. Returns the ClientHello that began it.
  Bytes Hang(const SocketAddress& from) {
    DtlsPeer peer(*random_, {});
    Server& worker = *workers_[WorkerOf(from)];
    peer.Advance(now_);
    worker.Receive(now_, from, peer.outgoing.front());
    peer.outgoing.clear();
    peer.Receive(now_, worker.PollTransmit()->datagram);
    const Bytes hello = peer.outgoing.front();
    worker.Receive(now_, from, hello);
    Pump();
    return hello;
  }
  bool Connected(const SocketAddress& from) const {
    const auto& peer = peers_.at(from);
    return peer->connected() && peer->error() == 0;
  }
  void Say(const SocketAddress& from, std::string_view text = "ping") {
    peers_.at(from)->Send(text);
    Pump();
  }
  /// The homeserver knows the client.
  void Prove(const SocketAddress& from) {
    workers_[WorkerOf(from)]->Prove(now_, sessions_.at(from));
    Pump();
  }
  void NoteRequest(const SocketAddress& from) {
    Say(from);
    workers_[WorkerOf(from)]->NoteRequest(now_, sessions_.at(from));
  }
  bool Lives(const SocketAddress& from) const { return sessions_.contains(from); }

  void Pass(Duration time) {
    for (const TimePoint end = now_ + time; now_ < end;) {
      now_ = std::min(end, now_ + seconds(1));
      for (auto& worker : workers_) worker->Advance(now_);
      for (auto& [address, peer] : peers_) peer->Advance(now_);
      Pump();
    }
  }
  void Pump() {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto& [address, peer] : peers_) {
        while (!peer->outgoing.empty()) {
          moved = true;
          const Bytes datagram = std::move(peer->outgoing.front());
          peer->outgoing.pop_front();
          workers_[WorkerOf(address)]->Receive(now_, address, datagram);
        }
      }
      for (auto& worker : workers_) moved = Drain(*worker) || moved;
    }
  }
  template <class Read>
  uint64_t Sum(Read read) const {
    uint64_t sum = 0;
    for (const auto& worker : workers_) sum += read(worker->counters());
    return sum;
  }
  uint64_t Ended(CloseReason reason) const {
    return Sum([&](const Counters& c) { return c.closed[static_cast<size_t>(reason)]; });
  }
  uint64_t Handshakes(HandshakeResult result) const {
    return Sum([&](const Counters& c) { return c.handshakes[static_cast<size_t>(result)]; });
  }
  size_t HalfOpen() const {
    size_t sum = 0;
    for (const auto& worker : workers_) sum += worker->handshake_count();
    return sum;
  }
  size_t Sessions() const {
    size_t sum = 0;
    for (const auto& worker : workers_) sum += worker->session_count();
    return sum;
  }

  TemporaryFolder folder_;
  std::unique_ptr<Random> random_ = MakeSeededRandom(1);
  IdentityFiles files_;
  std::unique_ptr<Credentials> credentials_;
  TimePoint now_ = TimePoint(std::chrono::hours(1000));
  std::unique_ptr<admission::Admission> admission_;
  std::vector<std::unique_ptr<Server>> workers_;
  std::map<SocketAddress, std::unique_ptr<DtlsPeer>> peers_;
  std::map<SocketAddress, SessionId> sessions_;

 private:
  bool Drain(Server& worker) {
    bool moved = false;
    while (const auto event = worker.PollEvent()) {
      moved = true;
      if (const auto* opened = std::get_if<SessionOpened>(&*event)) {
        sessions_[opened->peer] = opened->session;
      } else if (const auto* closed = std::get_if<SessionClosed>(&*event)) {
        std::erase_if(sessions_, [&](const auto& one) {
          return one.second == closed->session && workers_[WorkerOf(one.first)].get() == &worker;
        });
      }
    }
    while (const auto transmit = worker.PollTransmit()) {
      moved = true;
      const auto found = peers_.find(transmit->peer);
      if (found != peers_.end()) found->second->Receive(now_, transmit->datagram);
    }
    while (const auto relief = worker.PollRelief()) {
      moved = true;
      workers_[relief->worker]->Relieve(now_, relief->proven_in_use);
    }
    return moved;
  }
};

const SocketAddress kQuiet = Address("192.0.2.1", 4001);

SocketAddress Attacker(uint16_t number) { return Address("198.51.100.7", 5000 + number); }
// Each of a network of its own.
SocketAddress Somebody(uint16_t number) {
  return Address("203.0." + std::to_string(number / 250) + "." + std::to_string(number % 250),
                 6000 + number);
}

// Issue: 38 sessions that only ping drove out a client with a token, and kept it out.
TEST_F(RoomTest, OneHostPingsFromAllItsSessionsThenAQuietClientStaysAndCanComeBack) {
  Start({.sessions = 40}, 4);
  Connect(kQuiet);
  Say(kQuiet);
  Prove(kQuiet);
  for (uint16_t i = 0; i < 39; ++i) Connect(Attacker(i));
  for (int round = 0; round < 30; ++round) {  // over twelve minutes
    for (uint16_t i = 0; i < 39; ++i) {
      // One that was ended comes again.
      if (!Lives(Attacker(i))) Connect(Attacker(i));
      if (Lives(Attacker(i))) Say(Attacker(i));
    }
    ASSERT_TRUE(Lives(kQuiet)) << round;
    Pass(seconds(25));
  }
  Say(kQuiet, "still here");
  EXPECT_TRUE(Connected(kQuiet));
  EXPECT_EQ(Ended(CloseReason::kEvicted), 0u);
  // Its device starts anew, and others come for the first time.
  const SocketAddress again = Address("192.0.2.1", 4102);
  Connect(again);
  EXPECT_TRUE(Connected(again));
  EXPECT_TRUE(Lives(again));
  for (uint16_t i = 0; i < 5; ++i) {
    Connect(Somebody(i));
    EXPECT_TRUE(Lives(Somebody(i))) << i;
  }
  EXPECT_TRUE(Lives(kQuiet));
  EXPECT_LE(Sessions(), 42u);
}

// The same by one whom the homeserver knows: too much is too much.
TEST_F(RoomTest, OneProvenHostPingsFromAllItsSessionsThenAQuietClientStaysAndOthersCome) {
  Start({.sessions = 40}, 1);
  Connect(kQuiet);
  Prove(kQuiet);
  for (uint16_t i = 0; i < 39; ++i) {
    Connect(Attacker(i));
    Prove(Attacker(i));
  }
  Pass(seconds(70));
  for (uint16_t i = 0; i < 39; ++i) Say(Attacker(i));
  for (uint16_t i = 0; i < 6; ++i) {
    Connect(Somebody(i));
    ASSERT_TRUE(Lives(Somebody(i))) << i;
    Prove(Somebody(i));
  }
  EXPECT_TRUE(Lives(kQuiet));
  EXPECT_EQ(Ended(CloseReason::kEvicted), 6u);
  EXPECT_EQ(Sessions(), 40u);
}

TEST_F(RoomTest, NobodyHasFarTooManyThenThoseAtWorkStayAndTheQuietOneGoes) {
  Start({.sessions = 20}, 1);
  for (uint16_t i = 0; i < 20; ++i) {
    Connect(Somebody(i));
    Prove(Somebody(i));
  }
  Pass(seconds(70));
  for (uint16_t i = 0; i < 20; ++i) {
    if (i != 7) Say(Somebody(i));
  }
  Connect(Somebody(30));
  EXPECT_TRUE(Lives(Somebody(30)));
  EXPECT_FALSE(Lives(Somebody(7)));
  EXPECT_EQ(Ended(CloseReason::kEvicted), 1u);
  // Now all are at work, and the newcomer is the one who is not known.
  Connect(Somebody(31));
  EXPECT_TRUE(Lives(Somebody(31)));
  EXPECT_FALSE(Lives(Somebody(30)));
  EXPECT_EQ(Ended(CloseReason::kEvictedUnproven), 1u);
  Prove(Somebody(31));
  Connect(Somebody(32));
  EXPECT_FALSE(Lives(Somebody(32)));
  EXPECT_EQ(Handshakes(HandshakeResult::kTableFull), 1u);
  EXPECT_EQ(Sessions(), 20u);
}

TEST_F(RoomTest, WhatIsToGoIsAtAnotherWorkerThenItIsAsked) {
  Start({.sessions = 16}, 4);
  for (uint16_t i = 0; i < 16; ++i) Connect(Attacker(4 * i));  // all at one worker
  const SocketAddress newcomer = Somebody(1);
  ASSERT_NE(WorkerOf(newcomer), WorkerOf(Attacker(0)));
  Connect(newcomer);
  EXPECT_TRUE(Lives(newcomer));
  EXPECT_FALSE(Lives(Attacker(0)));
  EXPECT_EQ(Sessions(), 16u);
  EXPECT_EQ(Sum([](const Counters& c) { return c.reliefs_asked; }), 1u);
  EXPECT_EQ(Sum([](const Counters& c) { return c.reliefs_given; }), 1u);
  EXPECT_EQ(admission_->sessions.usage().networks, 2u);
}

// Two of whom each has nothing that can go must not keep each other busy.
TEST_F(RoomTest, AllAreAtWorkAtAllWorkersThenTheNewcomersOfOthersMakeRoom) {
  Start({.sessions = 64}, 4);
  for (uint16_t i = 0; i < 64; ++i) {
    Connect(Somebody(i));
    Prove(Somebody(i));
  }
  for (uint16_t i = 100; i < 120; ++i) {
    Connect(Somebody(i));
    EXPECT_TRUE(Lives(Somebody(i)) || Handshakes(HandshakeResult::kTableFull) > 0) << i;
  }
  for (uint16_t i = 0; i < 64; ++i) EXPECT_TRUE(Lives(Somebody(i))) << i;
  EXPECT_LE(Sessions(), 68u);
}

TEST_F(RoomTest, UnprovenSessionThenEndsAfterAMinuteHoweverMuchItPings) {
  Start({.sessions = 4}, 1);
  Connect(Somebody(0));
  Connect(Somebody(1));
  Say(Somebody(0));
  Say(Somebody(1));
  for (int i = 0; i < 5; ++i) {
    Pass(seconds(10));
    Say(Somebody(0));
    NoteRequest(Somebody(1));
  }
  Pass(seconds(9));
  EXPECT_TRUE(Lives(Somebody(0)));
  Pass(seconds(1));
  EXPECT_FALSE(Lives(Somebody(0)));
  EXPECT_EQ(Ended(CloseReason::kUnproven), 1u);
  EXPECT_TRUE(Lives(Somebody(1)));
}

TEST_F(RoomTest, RequestsOfAnUnprovenSessionThenItsTimeBeginsAnew) {
  Start({.sessions = 2}, 1);
  Connect(Somebody(0));
  for (int i = 0; i < 4; ++i) {
    NoteRequest(Somebody(0));
    Pass(seconds(59));
    ASSERT_TRUE(Lives(Somebody(0)));
  }
  Pass(seconds(1));
  EXPECT_FALSE(Lives(Somebody(0)));
}

TEST_F(RoomTest, HalfOfTheTableIsEmptyThenAnUnprovenSessionHasTimeToTypeAPassword) {
  Start({.sessions = 3}, 1);
  Connect(Somebody(0));
  Say(Somebody(0));
  Pass(seconds(299));
  EXPECT_TRUE(Lives(Somebody(0)));
  Pass(seconds(1));
  EXPECT_FALSE(Lives(Somebody(0)));
}

TEST_F(RoomTest, ProvenSessionThenLivesOnAndItsNetworkAnswersForIt) {
  Start({.sessions = 2}, 1);
  Connect(Somebody(0));
  Prove(Somebody(0));
  Prove(Somebody(0));  // twice does nothing
  Pass(minutes(29));
  EXPECT_TRUE(Lives(Somebody(0)));
  EXPECT_EQ(admission_->sessions.held(admission::Standing::kProven), 1u);
  EXPECT_EQ(admission_->sessions.held(admission::Standing::kUnproven), 0u);
  peers_.at(Somebody(0))->Close();
  Pump();
  EXPECT_EQ(admission_->sessions.held(admission::Standing::kProven), 0u);
  EXPECT_EQ(admission_->sessions.usage().networks, 0u);
}

// Unproven sessions fill the table to nine tenths: that must not shorten the time of the others.
TEST_F(RoomTest, TableNearlyFullOfUnprovenThenAProvenSessionSleepsForHours) {
  Start({.sessions = 20}, 1);
  Connect(kQuiet);
  Prove(kQuiet);
  for (int hour = 0; hour < 3; ++hour) {
    for (uint16_t i = 0; i < 19; ++i) Connect(Attacker(i));
    Pass(minutes(60));
    ASSERT_TRUE(Lives(kQuiet));
  }
}

TEST_F(RoomTest, StageEndsThenWhatItHeldIsGivenBack) {
  Start({.sessions = 10}, 2);
  for (uint16_t i = 0; i < 5; ++i) Connect(Somebody(i));
  Prove(Somebody(2));
  Hang(Attacker(0));
  ASSERT_EQ(admission_->handshakes.usage().networks, 1u);
  workers_.clear();
  EXPECT_EQ(admission_->sessions.usage().networks, 0u);
  EXPECT_EQ(admission_->handshakes.usage().networks, 0u);
}

// Issue: one address held every half-open handshake, by repeating its hellos at all workers.
TEST_F(RoomTest, OneAddressHoldsHalfOpenHandshakesThenOthersConnectAtOnce) {
  Start({.handshakes = 1000, .handshakes_per_prefix_rate = 0}, 4);
  std::vector<Bytes> hellos;
  for (uint16_t i = 0; i < 1000; ++i) hellos.push_back(Hang(Attacker(i)));
  ASSERT_EQ(HalfOpen(), 1000u);
  for (int second = 0; second < 30; ++second) {
    Pass(seconds(1));
    for (uint16_t i = 0; i < 1000; i += 10) {
      workers_[WorkerOf(Attacker(i))]->Receive(now_, Attacker(i), hellos[i]);
    }
    Pump();
  }
  ASSERT_EQ(HalfOpen(), 1000u);
  for (uint16_t i = 0; i < 4; ++i) {
    Connect(Somebody(i));
    EXPECT_TRUE(Connected(Somebody(i))) << i;
  }
  EXPECT_GE(Handshakes(HandshakeResult::kMadeRoom), 1u);
  EXPECT_EQ(Handshakes(HandshakeResult::kHalfOpenLimit), 0u);
  // The oldest went, by when it began: the first at the worker that had most.
  EXPECT_LE(HalfOpen(), 1000u);
}

// What docs/limits.md says of a half-open handshake: --max-handshakes of them must have room.
TEST_F(RoomTest, HalfOpenHandshakesThenOfTheSizeThatIsWrittenDown) {
  constexpr uint16_t kHalfOpen = 500;
  Start({.handshakes_per_prefix_rate = 0}, 1);
  Hang(Somebody(0));  // what is made once
  const size_t before = mallinfo2().uordblks;
  for (uint16_t i = 1; i <= kHalfOpen; ++i) Hang(Somebody(i));
  const size_t after = mallinfo2().uordblks;
  ASSERT_EQ(HalfOpen(), kHalfOpen + 1u);
  RecordProperty("bytes_each", std::to_string((after - before) / kHalfOpen));
  EXPECT_LT((after - before) / kHalfOpen, 20'000u);
}

TEST_F(RoomTest, HellosAreRepeatedForEverThenTheirHandshakesEndAllTheSame) {
  Start({}, 1);
  const Bytes hello = Hang(Attacker(0));
  Duration lived{};
  while (HalfOpen() > 0 && lived < minutes(10)) {
    Pass(seconds(1));
    lived += seconds(1);
    workers_[0]->Receive(now_, Attacker(0), hello);
    Pump();
  }
  EXPECT_LE(lived, kHandshakeLifeMax + Config().handshake_timeout);
}

// Repeats keep a handshake from its timeout, but not in the eyes of its network.
TEST_F(RoomTest, OldestHandshakeIsRepeatedThenItGoesFirstAllTheSame) {
  Start({.handshakes = 2}, 1);
  const Bytes hello = Hang(Attacker(0));
  Pass(seconds(10));
  Hang(Attacker(1));
  Pass(seconds(10));
  workers_[0]->Receive(now_, Attacker(0), hello);
  Pump();
  Connect(Somebody(0));
  EXPECT_TRUE(Connected(Somebody(0)));
  EXPECT_EQ(Handshakes(HandshakeResult::kMadeRoom), 1u);
  // Of the one that is left, the hello is known; of the one that went, too, as one that ended.
  const uint64_t begun = Sum([](const Counters& c) { return c.handshakes_started; });
  Pass(seconds(50));
  EXPECT_EQ(HalfOpen(), 0u) << "the younger one, 60 s old: nobody repeated it";
  EXPECT_EQ(Sum([](const Counters& c) { return c.handshakes_started; }), begun);
}

}  // namespace
}  // namespace lowband::edge::dtls
