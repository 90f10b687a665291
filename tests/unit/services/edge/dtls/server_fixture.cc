#include "tests/unit/services/edge/dtls/server_fixture.h"

#include <algorithm>
#include <utility>

namespace lowband::edge::dtls {

ServerTest::ServerTest() : files(WriteIdentity(folder, *random)) {
  credentials = std::move(*Credentials::Load(files, MakeSeededRandom(2)));
  Restart({});
}

void ServerTest::Restart(const Config& config, const admission::Limits& limits, unsigned worker,
                         unsigned workers) {
  ASSERT_EQ(config.Validate(), "");
  ASSERT_EQ(limits.Validate(), "");
  server.reset();
  admission = std::make_unique<admission::Admission>(limits);
  server = std::make_unique<Server>(config, *credentials, *random, worker, workers, *admission);
}

DtlsPeer& ServerTest::Dial(const SocketAddress& from, DtlsPeer::Options options) {
  auto& peer = peers[from];
  peer = std::make_unique<DtlsPeer>(*random, std::move(options));
  peer->Advance(now);
  return *peer;
}

DtlsPeer& ServerTest::Connect(const SocketAddress& from, DtlsPeer::Options options) {
  DtlsPeer& peer = Dial(from, std::move(options));
  Pump();
  EXPECT_TRUE(peer.connected());
  return peer;
}

bool ServerTest::DrainServer() {
  bool moved = false;
  while (auto event = server->PollEvent()) {
    moved = true;
    if (const auto* opened = std::get_if<SessionOpened>(&*event)) {
      seen.push_back({.kind = Seen::Kind::kOpened,
                      .session = opened->session,
                      .peer = opened->peer,
                      .passed_bytes = opened->passed_bytes});
    } else if (const auto* move = std::get_if<PeerMoved>(&*event)) {
      seen.push_back({Seen::Kind::kMoved, move->session, move->peer});
    } else if (const auto* data = std::get_if<DataArrived>(&*event)) {
      seen.push_back({Seen::Kind::kData, data->session, {}, std::string(AsText(data->data))});
    } else if (const auto* closed = std::get_if<SessionClosed>(&*event)) {
      seen.push_back({Seen::Kind::kClosed, closed->session, {}, "", closed->reason});
    }
  }
  while (auto transmit = server->PollTransmit()) {
    moved = true;
    ++datagrams_sent;
    largest_datagram_sent = std::max(largest_datagram_sent, transmit->datagram.size());
    if (lose && lose(false, transmit->datagram)) continue;
    const auto found = peers.find(transmit->peer);
    if (found == peers.end()) {
      astray.emplace_back(transmit->peer,
                          Bytes(transmit->datagram.begin(), transmit->datagram.end()));
    } else {
      found->second->Receive(now, transmit->datagram);
    }
  }
  return moved;
}

bool ServerTest::DrainPeers() {
  bool moved = false;
  for (auto& [address, peer] : peers) {
    while (!peer->outgoing.empty()) {
      moved = true;
      const Bytes datagram = TakeFrom(*peer);
      if (!lose || !lose(true, datagram)) server->Receive(now, address, datagram);
    }
  }
  return moved;
}

void ServerTest::Pump() {
  while (DrainPeers() || DrainServer()) {
  }
}

void ServerTest::Pass(Duration time) {
  const TimePoint end = now + time;
  while (true) {
    std::optional<TimePoint> next = server->NextDeadline();
    for (const auto& [address, peer] : peers) next = Earlier(next, peer->deadline());
    if (!next || *next > end) break;
    now = std::max(now, *next);
    for (auto& [address, peer] : peers) {
      if (peer->deadline() && *peer->deadline() <= now) peer->Advance(now);
    }
    server->Advance(now);
    Pump();
    // One mutation, then the next deadline lies ahead: the loop of a worker would spin otherwise.
    ASSERT_TRUE(!server->NextDeadline() || *server->NextDeadline() > now);
  }
  now = end;
}

void ServerTest::Inject(const SocketAddress& from, ByteView datagram) {
  server->Receive(now, from, datagram);
  Pump();
}

Bytes ServerTest::TakeFrom(DtlsPeer& peer) {
  Bytes out = std::move(peer.outgoing.front());
  peer.outgoing.pop_front();
  return out;
}

Bytes ServerTest::RecordWith(DtlsPeer& peer, std::string_view text) {
  peer.Send(text);
  Bytes out = std::move(peer.outgoing.back());
  peer.outgoing.pop_back();
  return out;
}

DtlsPeer& ServerTest::Rebind(const SocketAddress& from, const SocketAddress& to) {
  peers[to] = std::move(peers.extract(from).mapped());
  return *peers[to];
}

std::vector<std::string> ServerTest::Data() const {
  std::vector<std::string> out;
  for (const Seen& one : seen) {
    if (one.kind == Seen::Kind::kData) out.push_back(one.data);
  }
  return out;
}

std::vector<CloseReason> ServerTest::Closed() const {
  std::vector<CloseReason> out;
  for (const Seen& one : seen) {
    if (one.kind == Seen::Kind::kClosed) out.push_back(one.reason);
  }
  return out;
}

std::vector<SessionId> ServerTest::Opened() const {
  std::vector<SessionId> out;
  for (const Seen& one : seen) {
    if (one.kind == Seen::Kind::kOpened) out.push_back(one.session);
  }
  return out;
}

size_t ServerTest::Moves() const {
  return static_cast<size_t>(std::ranges::count(seen, Seen::Kind::kMoved, &Seen::kind));
}

uint64_t ServerTest::Dropped(DropReason reason) const {
  return counters().dropped[static_cast<size_t>(reason)];
}

uint64_t ServerTest::Handshakes(HandshakeResult result) const {
  return counters().handshakes[static_cast<size_t>(result)];
}

}  // namespace lowband::edge::dtls
