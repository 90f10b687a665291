// Our client library beside the edge's layers, over a link of the test's choosing, in virtual time:
// datagrams, bytes and what reaches the homeserver are counted.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "libs/base/random.h"
#include "libs/client/session.h"
#include "tests/support/layers_rig.h"

namespace lowband::edge::testing {

client::Request ClientRequest(coap::Code method, std::string_view path, Bytes body = {});

class OwnClient {
 public:
  struct Link {
    /// Whether a datagram gets lost, on its way to the edge or from it; null: none does.
    std::function<bool(bool to_edge, ByteView datagram)> loses;
    Duration round_trip = std::chrono::milliseconds(100);
  };
  /// What the homeserver says, whenever it is asked.
  using Homeserver = std::function<request::Answer(const v1::Request& request)>;

  /// Plain UDP, whatever `config` says: the link sees the messages.
  OwnClient(client::Config config, Link link, Homeserver homeserver);

  client::Session& session() { return session_; }
  TimePoint now() const { return rig_.now(); }
  void SetLink(Link link) { link_ = std::move(link); }
  /// How long the homeserver takes from now on.
  void SetThinkingTime(Duration time) { thinking_ = time; }

  client::RequestId Send(client::Request request);
  /// The next event of the client; none when nothing happens any more, or not within `limit`.
  std::optional<client::Event> Await(Duration limit);
  /// Sends, and waits for the answer; none when it failed.
  std::optional<client::Response> Exchange(client::Request request,
                                           Duration limit = std::chrono::minutes(10));
  /// Until nothing happens any more.
  void Settle();

  /// What the homeserver was asked, in order.
  const std::vector<v1::Request>& executed() const { return executed_; }
  /// Messages of the client that left, and bytes of messages both ways, lost ones too.
  size_t sent() const { return sent_; }
  size_t bytes() const { return bytes_; }

 private:
  struct Packet {
    bool to_edge;
    Bytes datagram;
  };
  void Carry(bool to_edge, Bytes datagram);
  void Turn();
  /// False: nothing is left to happen before `end`.
  bool Step(TimePoint end);

  std::unique_ptr<Random> random_ = MakeSeededRandom(1);
  Link link_;
  Homeserver homeserver_;
  Duration thinking_{};
  Rig rig_;
  client::Session session_;
  std::multimap<TimePoint, Packet> on_the_way_;
  std::multimap<TimePoint, request::Answer> answers_;
  std::vector<v1::Request> executed_;
  size_t sent_ = 0;
  size_t bytes_ = 0;
};

}  // namespace lowband::edge::testing
