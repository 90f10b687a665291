// A server, a true client, and an adversary between and beside them. The input says, step by step,
// who sends what: the client's datagrams whole or changed, raw ones of the input from anywhere,
// time that passes, and calls of the layers above.
#include <cstdlib>
#include <memory>
#include <optional>

#include "services/edge/dtls/counters.h"
#include "services/edge/dtls/credentials.h"
#include "services/edge/dtls/limits.h"
#include "services/edge/dtls/server.h"
#include "tests/support/dtls_peer.h"
#include "tests/support/identity_files.h"

namespace lowband::edge::dtls {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

class Input {
 public:
  explicit Input(ByteView bytes) : rest_(bytes) {}
  bool empty() const { return rest_.empty(); }
  uint8_t Byte() {
    if (rest_.empty()) return 0;
    const uint8_t out = rest_[0];
    rest_ = rest_.subspan(1);
    return out;
  }
  ByteView Take(size_t size) {
    const ByteView out = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(out.size());
    return out;
  }

 private:
  ByteView rest_;
};

// Made once: a certificate takes longer than a run.
Credentials& SharedCredentials() {
  static TemporaryFolder folder;
  static const auto random = MakeSeededRandom(1);
  static const auto credentials =
      std::move(*Credentials::Load(WriteIdentity(folder, *random), MakeSeededRandom(2)));
  return *credentials;
}

class World {
 public:
  explicit World(Input& input) : input_(input) {
    const uint8_t flags = input_.Byte();
    Config config;
    admission_ = std::make_unique<admission::Admission>(
        admission::Limits{.sessions = 2U + flags % 3,
                          .handshakes = 2,
                          .handshakes_per_prefix_rate = (flags & 8) != 0 ? 1U : 0U});
    server_ = std::make_unique<Server>(config, SharedCredentials(), *random_, 0, 1, *admission_);
    options_.connection_id = (flags & 16) != 0 ? std::optional(Bytes{1}) : std::nullopt;
    options_.tickets = (flags & 32) != 0;
    Dial();
  }

  void Step() {
    switch (input_.Byte() % 10) {
      case 0: return Raw(kHome);
      case 1: return Raw(kAway);
      case 2: return Forward(kAway);
      case 3: return Changed();
      case 4: return PassTime();
      case 5: return Lose();
      case 6: return FromAbove();
      case 7: return Dial();
      case 8: return Say();
      default: return Forward(kHome);
    }
  }

 private:
  void Dial() {
    if (dials_++ == kDialsMax) return;
    peer_ = std::make_unique<DtlsPeer>(*random_, options_);
    peer_->Advance(now_);
  }
  void Raw(const SocketAddress& from) {
    const ByteView datagram = input_.Take(input_.Byte() * 8);
    Deliver(from, datagram);
  }
  void Forward(const SocketAddress& from) {
    if (!peer_->outgoing.empty()) Deliver(from, Next());
  }
  void Changed() {
    if (peer_->outgoing.empty()) return;
    Bytes datagram = Next();
    for (uint8_t changes = input_.Byte() % 4; changes > 0; --changes) {
      const size_t at = input_.Byte() << 3 | input_.Byte() % 8;
      datagram[at % datagram.size()] ^= input_.Byte();
    }
    if (input_.Byte() % 4 == 0) datagram.resize(input_.Byte() % (datagram.size() + 1));
    if (input_.Byte() % 4 == 0) Append(datagram, input_.Take(input_.Byte()));
    Deliver(kHome, datagram);
  }
  void PassTime() {
    now_ += std::chrono::milliseconds(1 << input_.Byte() % 28);
    server_->Advance(now_);
    Require(!server_->NextDeadline() || *server_->NextDeadline() > now_);
    peer_->Advance(now_);
    Drain(kHome);
  }
  void Lose() {
    if (!peer_->outgoing.empty()) peer_->outgoing.pop_front();
  }
  void Say() {
    if (peer_->connected() && peer_->error() == 0) peer_->Send("data of a client");
  }
  void FromAbove() {
    const SessionId session{input_.Byte() % 8ULL};
    switch (input_.Byte() % 8) {
      case 0: server_->Close(session); break;
      case 1: server_->StopAccepting(); break;
      case 2: server_->CloseAll(); break;
      case 4: server_->Prove(now_, session); break;
      case 5: server_->NoteRequest(now_, session); break;
      case 6: server_->Relieve(now_, input_.Byte() % 2 == 0); break;
      default: server_->Send(session, input_.Take(input_.Byte() * 20)); break;
    }
    Drain(kHome);
  }
  Bytes Next() {
    Bytes out = std::move(peer_->outgoing.front());
    peer_->outgoing.pop_front();
    return out;
  }
  void Deliver(const SocketAddress& from, ByteView datagram) {
    const bool known = server_->session_count() + server_->handshake_count() > 0;
    const uint64_t started = server_->counters().handshakes_started;
    server_->Receive(now_, from, datagram);
    const size_t sent = Drain(from);
    // Before a cookie proved an address, less goes out than came in.
    Require(known || server_->counters().handshakes_started > started || sent == 0 ||
            sent < datagram.size());
  }
  size_t Drain(const SocketAddress& from) {
    size_t sent = 0;
    while (auto event = server_->PollEvent()) {
      if (const auto* data = std::get_if<DataArrived>(&*event)) {
        Require(AsText(data->data) == "data of a client");  // nothing else is authentic
      }
    }
    while (auto transmit = server_->PollTransmit()) {
      sent += transmit->datagram.size();
      Require(transmit->datagram.size() <= kApplicationDataMax + kRecordOverheadMax);
      if (transmit->peer == kHome || from == kAway) peer_->Receive(now_, transmit->datagram);
    }
    Require(server_->handshake_count() <= 2 && server_->session_count() <= 4);
    return sent;
  }

  // A handshake takes milliseconds, and a run may take a second.
  static constexpr int kDialsMax = 3;
  const SocketAddress kHome = *SocketAddress::FromLiteral("192.0.2.1", 1);
  const SocketAddress kAway = *SocketAddress::FromLiteral("2001:db8::1", 2);
  Input& input_;
  std::unique_ptr<Random> random_ = MakeSeededRandom(3);
  TimePoint now_ = TimePoint(std::chrono::hours(10));
  std::unique_ptr<admission::Admission> admission_;
  std::unique_ptr<Server> server_;
  DtlsPeer::Options options_;
  std::unique_ptr<DtlsPeer> peer_;
  int dials_ = 0;
};

}  // namespace
}  // namespace lowband::edge::dtls

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lowband::edge::dtls::Input input({data, size});
  lowband::edge::dtls::World world(input);
  for (int steps = 0; steps < 100 && !input.empty(); ++steps) world.Step();
  return 0;
}
