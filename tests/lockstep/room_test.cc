// Who waits for an answer while one network leaves all of a worker's messages unacknowledged.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "services/edge/message/counters.h"
#include "tests/lockstep/script.h"

namespace lowband::edge::testing {
namespace {

using std::chrono::seconds;

constexpr SessionId kHonest{1};
constexpr size_t kPlaces = 8;

// Its answers come after the empty ACK, and the link takes whatever it likes.
class Room {
 public:
  Room() : rig_(Config()), start_(rig_.now()) {}

  void Open(SessionId session, const char* address) { rig_.Open(session, address); }
  void Ask(SessionId session) {
    const std::string id = std::to_string(++last_id_);
    rig_.Receive(session, Encode(ParseText({"CON", "GET", id, "path=a"}), {}));
    while (const auto command = rig_.TakeCommand()) {
      if (const auto* start = std::get_if<request::StartExchange>(&*command)) {
        exchanges_.push_back(start->id);
      }
    }
  }
  void AnswerAll() {
    for (const request::ExchangeId id : std::exchange(exchanges_, {})) {
      request::Answer answer;
      answer.id = id;
      answer.code = coap::kContent;
      rig_.Answer(std::move(answer));
    }
  }
  void PassTo(seconds since_start) {
    rig_.AdvanceTo(start_ + since_start);
    EXPECT_LE(rig_.messages().unacknowledged(), kPlaces);
  }
  /// The answers to one session since the last call, with the second of each.
  std::multimap<int, Bytes> TakeAnswers(SessionId session) {
    std::multimap<int, Bytes> answers;
    while (auto sent = rig_.TakeSent()) {
      if (sent->session != session || !coap::Parse(sent->datagram)->code.is_response()) continue;
      const auto at = std::chrono::duration_cast<seconds>(sent->at - start_);
      answers.emplace(static_cast<int>(at.count()), std::move(sent->datagram));
    }
    return answers;
  }
  // Registers, and its first notification is under way.
  void Observe(SessionId session) {
    const std::string id = std::to_string(++last_id_);
    rig_.Receive(session, Encode(ParseText({"CON", "GET", id, "observe=0", "path=7"}), {}));
    const auto command = rig_.TakeCommand();
    if (!command) throw std::logic_error("nothing was asked");
    const auto exchange = std::get<request::StartExchange>(*command).id;
    rig_.MakeObservable(exchange);
    request::Answer answer;
    answer.id = exchange;
    answer.code = coap::kContent;
    answer.poll.emplace().set_outcome(v1::Poll::CHANGED);
    answer.poll->set_cursor("c1");
    rig_.Answer(std::move(answer));
  }
  void Ping(SessionId session) {
    rig_.Receive(session, coap::EmptyMessage(coap::Type::kConfirmable, ++last_ping_));
  }
  void Acknowledge(SessionId session, const Bytes& message) {
    rig_.Receive(session, coap::EmptyMessage(coap::Type::kAcknowledgement,
                                             coap::Parse(message)->message_id));
  }
  Rig& rig() { return rig_; }

 private:
  static RigConfig Config() {
    RigConfig config = LockstepConfig();
    config.message.confirmables_max = kPlaces;
    return config;
  }

  Rig rig_;
  TimePoint start_;
  int last_id_ = 0;
  uint16_t last_ping_ = 0x7000;
  std::vector<request::ExchangeId> exchanges_;
};

TEST(Room, CrowdAcknowledgesNothingThenAnothersAnswerIsRepeatedUntilItIs) {
  Room room;
  room.Open(kHonest, "192.0.2.1");
  for (uint64_t crowd = 2; crowd <= 5; ++crowd) room.Open(SessionId{crowd}, "198.51.100.7");
  const auto crowd_asks = [&] {
    for (uint64_t crowd = 2; crowd <= 5; ++crowd) {
      for (int i = 0; i < 4; ++i) room.Ask(SessionId{crowd});
    }
  };
  crowd_asks();
  room.Ask(kHonest);
  room.PassTo(seconds(1));
  room.AnswerAll();
  // Both sides are heard all the time, and what waits for the crowd is never taken by it.
  for (int at = 2; at <= 20; at += 2) {
    crowd_asks();
    room.PassTo(seconds(at));
    room.AnswerAll();
  }
  const auto answers = room.TakeAnswers(kHonest);
  std::vector<int> at;
  std::set<Bytes> copies;
  for (const auto& [second, message] : answers) {
    at.push_back(second);
    copies.insert(message);
  }
  EXPECT_EQ(at, (std::vector{1, 3, 7, 15}));
  ASSERT_EQ(copies.size(), 1u);
  EXPECT_EQ(coap::Parse(*copies.begin())->type, coap::Type::kConfirmable);
  room.Acknowledge(kHonest, *copies.begin());
  room.PassTo(seconds(100));
  EXPECT_TRUE(room.TakeAnswers(kHonest).empty());
  EXPECT_EQ(room.rig().messages().counters().answers_unreliable, 0u);
  EXPECT_GT(room.rig().messages().counters().made_room_unproven, 0u);
}

// One of the crowd's own network is not left waiting for ever: what it lost comes when it asks.
TEST(Room, CrowdIsGoneThenOneOfItsNetworkGetsWhatMadeRoom) {
  Room room;
  const SessionId one{2};
  const SessionId crowd{3};
  room.Open(one, "198.51.100.7");
  room.Open(crowd, "198.51.100.7");
  room.Ask(one);
  for (size_t i = 0; i < kPlaces; ++i) room.Ask(crowd);
  room.PassTo(seconds(1));
  room.AnswerAll();
  const auto before = room.TakeAnswers(one);
  ASSERT_EQ(before.size(), 1u);
  room.PassTo(seconds(90));
  EXPECT_TRUE(room.TakeAnswers(one).empty()) << "given up";
  room.rig().Close(crowd);
  room.rig().Receive(one, coap::EmptyMessage(coap::Type::kConfirmable, 0x7000));
  const auto after = room.TakeAnswers(one);
  ASSERT_EQ(after.size(), 1u);
  EXPECT_EQ(after.begin()->second, before.begin()->second);
}

// An attacker's copy of a phone's record comes first: the phone seems to be at the address of all
// that the attackers leave unacknowledged, and the ping there costs it its own notification.
TEST(Room, NotificationMakesRoomForAPingToAStolenAddressThenItComesOnceItsClientIsHeard) {
  Room room;
  const SessionId crowd{2};
  room.Open(kHonest, "192.0.2.1");
  room.Open(crowd, "198.51.100.7");
  room.Observe(kHonest);
  const auto registered = room.TakeAnswers(kHonest);
  ASSERT_EQ(registered.size(), 2u);
  const Bytes notification = std::next(registered.begin())->second;
  for (size_t i = 0; i + 1 < kPlaces; ++i) room.Ask(crowd);
  room.PassTo(seconds(1));
  room.AnswerAll();
  message::Layer& messages = room.rig().messages();
  const auto network = [](const char* host) {
    return admission::NetworkOf(*SocketAddress::FromLiteral(host, 5683));
  };
  // As the pipeline does, before the datagram itself.
  messages.SetNetwork(kHonest, network("198.51.100.7"));
  const auto ping = coap::EmptyMessage(coap::Type::kConfirmable, 0);
  messages.SendConfirmable(room.rig().now(), kHonest, Bytes(ping.begin(), ping.end()));
  room.Ping(kHonest);
  ASSERT_EQ(messages.counters().undelivered, 1u);
  (void)room.TakeAnswers(kHonest);
  messages.SetNetwork(kHonest, network("192.0.2.1"));
  room.Ping(kHonest);
  const auto again = room.TakeAnswers(kHonest);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again.begin()->second, notification);
}

}  // namespace
}  // namespace lowband::edge::testing
