// An edge that is another process now, and who keeps it from telling its clients so.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/attack/battle.h"

namespace lowband::edge {
namespace {

using std::chrono::seconds;

// Of a table of this size a hundred are told in a second; twenty times as many are forged.
constexpr size_t kSessions = 1000;
constexpr std::chrono::milliseconds kStep{5};
constexpr size_t kForgedAStep = 10;

/// Data of a session that no edge has.
const Bytes& UnknownRecord() {
  static const Bytes record = [] {
    Bytes bytes = {23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 7, 0, 20};
    Append(bytes, Bytes(20, 0x55));
    return bytes;
  }();
  return record;
}

class LostClients : public ::testing::Test {
 protected:
  LostClients() : battle_(6, 2, {.sessions = kSessions, .handshakes_per_prefix_rate = 0}) {
    battle_.Begin();
    battle_.world().RestartEdge();
    before_ = battle_.Return();
    EXPECT_EQ(before_.answered, before_.asked);
    battle_.world().RestartEdge();
  }

  /// Unknown records of whoever Sender() says, for a while before clients come back and on.
  template <class Sender>
  void Flood(Sender sender) {
    battle_.step = kStep;
    battle_.meanwhile = [this, sender] {
      for (size_t i = 0; i < kForgedAStep; ++i) {
        battle_.world().Forge(sender(forged_++), UnknownRecord());
      }
    };
    battle_.Run(seconds(15));
  }
  std::string Alerts() {
    uint64_t sent = 0;
    uint64_t withheld = 0;
    for (unsigned i = 0; i < battle_.world().workers(); ++i) {
      sent += battle_.world().edge(i).dtls().counters().stale_alerts_sent;
      withheld += battle_.world().edge(i).dtls().counters().stale_alerts_withheld;
    }
    return std::to_string(forged_) + " forged, " + std::to_string(sent) + " alerts sent, " +
           std::to_string(withheld) + " withheld";
  }

  Battle battle_;
  Figures before_;
  size_t forged_ = 0;
};

TEST_F(LostClients, OneNetworkAsksForEveryAlert) {
  Flood([](size_t i) {
    return *SocketAddress::FromLiteral("203.0.113.66", static_cast<uint16_t>(1024 + i % 60'000));
  });
  const Figures during = battle_.Return();
  ExpectUnharmed(before_, during);
  Report("stale alerts, crowd", before_, during, Alerts());
}

TEST_F(LostClients, SomebodyAsksForEveryAlertInTheNamesOfOthers) {
  Flood([](size_t i) {
    const std::string host = std::to_string(11 + i % 80) + "." + std::to_string(i / 80 % 250) +
                             "." + std::to_string(i / 20'000 % 250) + ".9";
    return *SocketAddress::FromLiteral(host, static_cast<uint16_t>(1024 + i % 60'000));
  });
  const Figures during = battle_.Return();
  ExpectUnharmed(before_, during);
  Report("stale alerts, forged", before_, during, Alerts());
}

TEST_F(LostClients, SomebodyNamesTheClientsOwnNetworks) {
  Flood([this](size_t i) {
    const size_t turn = i / Battle::kHonest;
    return *SocketAddress::FromLiteral(battle_.host(i % Battle::kHonest),
                                       static_cast<uint16_t>(10'000 + turn % 50'000));
  });
  const Figures during = battle_.Return();
  ExpectUnharmed(before_, during);
  Report("stale alerts, named", before_, during, Alerts());
}

}  // namespace
}  // namespace lowband::edge
