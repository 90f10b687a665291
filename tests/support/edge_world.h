// A whole edge in virtual time: its workers' pipelines, clients that speak to them over a network
// which may lose, repeat and delay, and a translator that the test plays.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/client/session.h"
#include "libs/sim/link.h"
#include "services/edge/pipeline.h"
#include "tests/support/identity_files.h"
#include "tests/support/translator_lanes.h"

namespace lowband::edge {

/// What the translator answers; called once for each whole request it is given.
using Translate = std::function<v1::Answer(const v1::Request&)>;

class EdgeWorld {
 public:
  struct Size {
    unsigned workers = 1;
    admission::Limits limits = {.handshakes_per_prefix_rate = 0};
  };
  explicit EdgeWorld(uint64_t seed, PipelineConfig config = {})
      : EdgeWorld(seed, std::move(config), Size()) {}
  EdgeWorld(uint64_t seed, PipelineConfig config, const Size& size);
  ~EdgeWorld();

  /// A new client at a port of its own of `host`, connecting.
  size_t AddClient(client::Config config = {}, const std::string& host = kHost);
  client::RequestId Send(size_t client, client::Request request);
  /// A CoAP ping.
  void Ping(size_t client);
  /// From now on the client's datagrams come from another address.
  void MoveClient(size_t client);
  /// Of the client's datagrams only so many more go out: it holds what it has, and says no more.
  void Silence(size_t client, size_t datagrams = 0) { clients_[client].may_send = datagrams; }
  /// A datagram to the edge of which anybody may be the sender, whatever `from` says.
  void Forge(const SocketAddress& from, ByteView datagram);

  /// For client::Config::resume.
  Bytes SaveTicket(size_t client) const { return clients_[client].session->SaveTicket(); }

  /// Lets time pass, or less if `until` becomes true before.
  void Run(Duration time, const std::function<bool()>& until = {});
  /// Runs until the client's request has an answer or failed, for at most five minutes.
  const client::Response* Await(size_t client, client::RequestId request);

  /// The edge is another process now, with the same files: what it knew of its clients is gone.
  void RestartEdge();
  /// Where set, told when one that believes it would read of a stale session: a fatal alert in the
  /// clear, numbered above any record of a handshake. libs/client does not believe it.
  std::function<void(size_t client)> on_stale_alert;
  /// Where set, true for a datagram to the client that is lost.
  std::function<bool(size_t client, ByteView datagram)> lose;

  /// Ends every lane at once, as a translator that was killed.
  void KillTranslator();
  void ReviveTranslator() { translator_alive_ = true; }

  sim::Link& link() { return link_; }
  Translate translate;
  Duration translator_delay = std::chrono::milliseconds(5);
  /// Where set, of each request its own.
  std::function<Duration(const v1::Request&)> delay_of;
  /// Whole requests that reached the translator, in order.
  std::vector<v1::Request> requests;
  /// What became of each client's requests.
  struct Outcome {
    std::vector<client::Response> responses;
    size_t failures = 0;
  };
  std::map<std::pair<size_t, client::RequestId>, Outcome> outcomes;
  std::vector<std::string> disconnects;
  /// Answers by a window that the translator holds.
  size_t held() const { return room_.held.size(); }
  /// Of the worker.
  Pipeline& edge(unsigned worker = 0) { return *edges_[worker]; }
  const admission::Admission& admission() const { return *admission_; }
  unsigned workers() const { return size_.workers; }
  TimePoint now() const { return timeline_.now(); }

 private:
  using Lanes = lowband::testing::TranslatorLanes;
  static constexpr const char* kHost = "192.0.2.7";
  struct Client {
    SocketAddress address;
    std::unique_ptr<client::Session> session;
    std::optional<size_t> may_send = {};
  };

  void StartEdge();
  void Deliver(size_t client, ByteView datagram);
  void Settle();
  bool DrainClients();
  bool DrainEdge(unsigned worker);
  /// The worker that the kernel gives it to, and that one to its owner.
  unsigned WorkerFor(const SocketAddress& from, ByteView datagram) const;
  void DrainClientEvents(size_t index);
  Lanes::Hooks LaneHooks(unsigned worker);
  void StartExchange(unsigned worker, uplink::LaneId lane, uint64_t exchange, v1::Request request);
  SocketAddress NewAddress(const std::string& host);

  const PipelineConfig config_;
  const Size size_;
  const uint64_t seed_;
  uint64_t process_ = 0;
  uint16_t next_port_ = 2000;
  std::unique_ptr<Random> random_;
  sim::Timeline timeline_;
  sim::Link link_;
  TemporaryFolder folder_;
  dtls::IdentityFiles files_;
  std::unique_ptr<dtls::Credentials> credentials_;
  std::optional<admission::Admission> admission_;
  std::vector<std::unique_ptr<Pipeline>> edges_;
  std::vector<Client> clients_;
  std::map<SocketAddress, size_t> by_address_;
  Lanes::Room room_{size_t{256} << 20, size_t{256} << 20};
  std::vector<std::unique_ptr<Lanes>> lanes_;  ///< By worker.
  bool translator_alive_ = true;
};

/// A GET of `path`, one Uri-Path option a segment.
client::Request Get(const std::vector<std::string>& path);
client::Request Post(const std::vector<std::string>& path, Bytes body);

/// 2.05 with `body` as CBOR.
v1::Answer Content(std::string body);

}  // namespace lowband::edge
