// A DTLS server and its clients on a wire that tests hold in their hands, in virtual time.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/edge/admission/admission.h"
#include "services/edge/dtls/counters.h"
#include "services/edge/dtls/credentials.h"
#include "services/edge/dtls/server.h"
#include "tests/support/dtls_peer.h"
#include "tests/support/identity_files.h"

namespace lowband::edge::dtls {

inline SocketAddress Address(const std::string& host, uint16_t port = 4000) {
  return *SocketAddress::FromLiteral(host, port);
}

/// What the server reported, with its own copy of the data.
struct Seen {
  enum class Kind { kOpened, kMoved, kData, kClosed } kind;
  SessionId session;
  SocketAddress peer{};
  std::string data{};
  CloseReason reason{};
  size_t passed_bytes = 0;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest();

  /// Makes the server anew; before the first client.
  void Restart(const Config& config, const admission::Limits& limits = {}, unsigned worker = 0,
               unsigned workers = 1);
  DtlsPeer& Dial(const SocketAddress& from, DtlsPeer::Options options = {});
  /// Dials and completes the handshake.
  DtlsPeer& Connect(const SocketAddress& from, DtlsPeer::Options options = {});
  /// Moves datagrams until nobody has anything to send.
  void Pump();
  /// Lets time pass, with every deadline on the way met.
  void Pass(Duration time);
  /// Hands a datagram to the server, and whatever follows.
  void Inject(const SocketAddress& from, ByteView datagram);
  /// What the client would send next, taken off it.
  Bytes TakeFrom(DtlsPeer& peer);
  /// The record that carries `text`, kept off the wire.
  Bytes RecordWith(DtlsPeer& peer, std::string_view text);
  /// The client's address changes, as when its NAT forgets it. Nobody may be at `to`.
  DtlsPeer& Rebind(const SocketAddress& from, const SocketAddress& to);

  std::vector<std::string> Data() const;
  std::vector<CloseReason> Closed() const;
  std::vector<SessionId> Opened() const;
  size_t Moves() const;
  uint64_t Dropped(DropReason reason) const;
  uint64_t Handshakes(HandshakeResult result) const;
  const Counters& counters() const { return server->counters(); }

  TemporaryFolder folder;
  std::unique_ptr<Random> random = MakeSeededRandom(1);
  IdentityFiles files;
  std::unique_ptr<Credentials> credentials;
  TimePoint now = TimePoint(std::chrono::hours(1000));
  std::unique_ptr<admission::Admission> admission;
  std::unique_ptr<Server> server;
  std::map<SocketAddress, std::unique_ptr<DtlsPeer>> peers;
  std::vector<Seen> seen;
  /// Datagrams of the server that no client stands at.
  std::vector<std::pair<SocketAddress, Bytes>> astray;
  /// True loses the datagram. The size is of UDP payload.
  std::function<bool(bool to_server, ByteView datagram)> lose;
  size_t largest_datagram_sent = 0;
  size_t datagrams_sent = 0;

 private:
  bool DrainServer();
  bool DrainPeers();
};

}  // namespace lowband::edge::dtls
