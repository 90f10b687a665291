// Resumption by ticket (RFC 5077): cheaper, and a new session all the same.
#include "services/edge/dtls/limits.h"
#include "tests/unit/services/edge/dtls/server_fixture.h"

namespace lowband::edge::dtls {
namespace {

const SocketAddress kClient = Address("198.51.100.7");
const SocketAddress kOther = Address("2001:db8::9");

class TicketTest : public ServerTest {
 protected:
  std::shared_ptr<tls::SslSession> Ticket() {
    return Connect(kClient, {.tickets = true}).SaveSession();
  }
  bool Resumes(const std::shared_ptr<tls::SslSession>& ticket) {
    const uint64_t before = Handshakes(HandshakeResult::kResumed);
    DtlsPeer& peer = Connect(kOther, {.tickets = true, .resume = ticket});
    peer.Send("data");
    Pump();
    EXPECT_EQ(Data().back(), "data");
    return Handshakes(HandshakeResult::kResumed) == before + 1;
  }
};

TEST_F(TicketTest, TicketThenShorterHandshakeAndANewSession) {
  const auto ticket = Ticket();
  const size_t full = datagrams_sent;
  EXPECT_TRUE(Resumes(ticket));
  EXPECT_LT(datagrams_sent - full, full);
  EXPECT_NE(Opened()[0], Opened()[1]);
  EXPECT_EQ(Handshakes(HandshakeResult::kCompleted), 1u);
}

TEST_F(TicketTest, TicketWithConnectionIdThenBoth) {
  const auto ticket = Ticket();
  DtlsPeer& peer = Connect(kOther, {.connection_id = Bytes{}, .tickets = true, .resume = ticket});
  EXPECT_TRUE(peer.connection_id_agreed());
  EXPECT_EQ(Handshakes(HandshakeResult::kResumed), 1u);
}

TEST_F(TicketTest, AnotherWorkerThenResumedToo) {
  const auto ticket = Ticket();
  peers.clear();
  Restart({}, {}, 1, 2);
  EXPECT_TRUE(Resumes(ticket));
}

TEST_F(TicketTest, AnotherProcessThenAFullHandshake) {
  const auto ticket = Ticket();
  peers.clear();
  auto others = std::move(*Credentials::Load(files, MakeSeededRandom(99)));
  std::swap(credentials, others);
  Restart({});
  EXPECT_FALSE(Resumes(ticket));
  EXPECT_EQ(Handshakes(HandshakeResult::kCompleted), 1u);
  server.reset();
}

TEST_F(TicketTest, KeysTurnedOnceThenStillGoodAndTwiceThenNot) {
  const auto ticket = Ticket();
  now += kTicketKeyLife;
  EXPECT_TRUE(Resumes(ticket));
  peers.clear();
  now += kTicketKeyLife;
  EXPECT_FALSE(Resumes(ticket));
}

TEST_F(TicketTest, NoTicketAskedForThenNoneSent) {
  Connect(kClient);
  const size_t without = datagrams_sent;
  EXPECT_FALSE(Resumes(peers[kClient]->SaveSession()));
  EXPECT_GT(without, 0u);
}

}  // namespace
}  // namespace lowband::edge::dtls
