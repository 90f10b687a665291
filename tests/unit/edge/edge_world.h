// A whole edge in virtual time: its pipeline, clients that speak to it over a network which may
// lose, repeat and delay, and a translator that the test plays.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/client/session.h"
#include "libs/sim/link.h"
#include "services/edge/pipeline.h"
#include "services/translator/ingress/answer_queue.h"
#include "services/translator/ingress/held_answers.h"
#include "tests/unit/edge_dtls/identity_files.h"

namespace lowband::edge {

/// What the translator answers; called once for each whole request it is given.
using Translate = std::function<v1::Answer(const v1::Request&)>;

class EdgeWorld {
 public:
  explicit EdgeWorld(uint64_t seed, PipelineConfig config = {});
  ~EdgeWorld();

  /// A new client at its own address, connecting.
  size_t AddClient(client::Config config = {});
  client::RequestId Send(size_t client, client::Request request);
  /// From now on the client's datagrams come from another address.
  void MoveClient(size_t client);

  /// Lets time pass, or less if `until` becomes true before.
  void Run(Duration time, const std::function<bool()>& until = {});
  /// Runs until the client's request has an answer or failed, for at most five minutes.
  const client::Response* Await(size_t client, client::RequestId request);

  /// Ends every lane at once, as a translator that was killed.
  void KillTranslator();
  void ReviveTranslator() { translator_alive_ = true; }

  sim::Link& link() { return link_; }
  Translate translate;
  Duration translator_delay = std::chrono::milliseconds(5);
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
  size_t held() const { return held_.size(); }
  Pipeline& edge() { return *edge_; }
  TimePoint now() const { return timeline_.now(); }

 private:
  struct Client {
    SocketAddress address;
    std::unique_ptr<client::Session> session;
  };

  void Settle();
  bool DrainClients();
  bool DrainEdge();
  void DrainClientEvents(size_t index);
  void Obey(uplink::Action action);
  void TakeFrame(uplink::LaneId lane, const v1::EdgeFrame& frame);
  void Write(uplink::LaneId lane);
  void Reply(uplink::LaneId lane, uint64_t exchange, const v1::Request& request);
  SocketAddress NewAddress();

  uint16_t next_port_ = 2000;
  std::unique_ptr<Random> random_;
  sim::Timeline timeline_;
  sim::Link link_;
  dtls::TemporaryFolder folder_;
  std::unique_ptr<dtls::Credentials> credentials_;
  admission::Admission admission_{{.handshakes_per_prefix_rate = 0}};
  std::unique_ptr<Pipeline> edge_;
  std::vector<Client> clients_;
  translator::ingress::SharedBudget whole_answers_{size_t{256} << 20};
  translator::ingress::HeldAnswers held_{size_t{256} << 20};
  /// An open lane: partial bodies, and the translator's own queue of answers.
  struct Lane {
    explicit Lane(translator::ingress::SharedBudget& budget) : answers(budget) {}
    std::map<uint64_t, v1::Request> partial;
    translator::ingress::AnswerQueue answers;
  };
  std::map<uplink::LaneId, Lane> lanes_;
  bool translator_alive_ = true;
};

/// A GET of `path`, one Uri-Path option a segment.
client::Request Get(const std::vector<std::string>& path);
client::Request Post(const std::vector<std::string>& path, Bytes body);

/// 2.05 with `body` as CBOR.
v1::Answer Content(std::string body);

}  // namespace lowband::edge
