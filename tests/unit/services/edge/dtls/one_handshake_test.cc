// One client, one handshake: whatever a link loses, repeats and reorders, the server makes no
// second one for a ClientHello that it has taken, and so no client gets parts of two.
#include <gmock/gmock.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "libs/client/dtls_channel.h"
#include "tests/unit/services/edge/dtls/server_fixture.h"

namespace lowband::edge::dtls {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AnyOf;
using testing::HasSubstr;

const SocketAddress kClient = Address("198.51.100.7");

struct Weather {
  double loss = 0;
  double repeat = 0;
  Duration delay_max{};
};

// A client's channel and the server, with a link between them.
class OneHandshakeTest : public ServerTest, public testing::WithParamInterface<Weather> {
 protected:
  struct InFlight {
    TimePoint at;
    bool to_server;
    Bytes datagram;
  };

  void Put(bool to_server, ByteView datagram) {
    if (link_->Unit() < GetParam().loss) return;
    for (int copies = link_->Unit() < GetParam().repeat ? 2 : 1; copies > 0; --copies) {
      const auto most = static_cast<uint64_t>(GetParam().delay_max.count()) + 1;
      wire_.push_back({now + milliseconds(20) + Duration(link_->Below(most)), to_server,
                       Bytes(datagram.begin(), datagram.end())});
    }
  }

  // Until the client is connected or has given up. Empty, or why it failed.
  std::string Run(uint64_t seed) {
    Restart({});
    wire_.clear();
    link_ = MakeSeededRandom(seed);
    client::Config config;
    config.session_ticket = seed % 2 == 0;
    auto channel = client::DtlsChannel::Create(config, *random);
    (*channel)->Start(now);
    while ((*channel)->state() == client::DtlsChannel::State::kHandshake) {
      while (auto datagram = (*channel)->PollDatagram()) Put(true, *datagram);
      while (server->PollEvent()) {
      }
      while (auto transmit = server->PollTransmit()) Put(false, transmit->datagram);
      const auto first = std::ranges::min_element(wire_, {}, &InFlight::at);
      std::optional<TimePoint> next = Earlier(server->NextDeadline(), (*channel)->NextDeadline());
      if (first != wire_.end()) next = Earlier(next, first->at);
      if (!next) return "nothing happens any more";
      now = std::max(now, *next);
      if (first != wire_.end() && first->at <= now) {
        const InFlight arriving = std::move(*first);
        wire_.erase(first);
        if (arriving.to_server) {
          server->Receive(now, kClient, arriving.datagram);
        } else {
          (*channel)->Receive(now, arriving.datagram);
        }
      }
      (*channel)->Advance(now);
      server->Advance(now);
    }
    now += std::chrono::minutes(10);
    return (*channel)->state() == client::DtlsChannel::State::kReady ? "" : (*channel)->detail();
  }

  std::unique_ptr<Random> link_;
  std::vector<InFlight> wire_;
};

// A client that hears nothing for long gives up, and dials anew; nothing else fails.
TEST_P(OneHandshakeTest, BadLinkThenOneHandshakeAtMostAndOnlySilenceEndsIt) {
  constexpr uint64_t kSeeds = 300;
  size_t gave_up = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::string failure = Run(seed);
    if (!failure.empty()) ++gave_up;
    EXPECT_THAT(failure, AnyOf("", HasSubstr("in time")));
    EXPECT_LE(counters().handshakes_started, 1u);
  }
  // With 20 % of loss two exchanges out of three get through, and there are three; where datagrams
  // are late besides, by up to the first wait and its double, more of the client's waits are long.
  EXPECT_LE(gave_up, GetParam().delay_max >= seconds(5) ? kSeeds / 10 : kSeeds / 30);
}

INSTANTIATE_TEST_SUITE_P(Links, OneHandshakeTest,
                         testing::Values(Weather{0.2, 0, milliseconds(0)},
                                         Weather{0.2, 0.2, milliseconds(300)},
                                         Weather{0.2, 0.2, seconds(5)}));

}  // namespace
}  // namespace lowband::edge::dtls
