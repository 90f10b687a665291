// The translators of the simulator: several replicas behind the edge's lanes, each with the real
// mapping, in front of the model homeserver. Replicas die and come back; the way to the homeserver
// fails in every way that the mapping knows.
//
// Threading: one thread. Ownership: what the constructor is given outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/random.h"
#include "libs/sim/timeline.h"
#include "services/edge/uplink/actions.h"
#include "services/edge/uplink/lane_event.h"
#include "services/translator/ingress/answer_queue.h"
#include "services/translator/ingress/held_answers.h"
#include "services/translator/mapping/mapping.h"
#include "tests/sim/canary.h"
#include "tests/sim/homeserver.h"

namespace lowband::testing {

/// What comes of a request on its way to the homeserver: chances of 0 to 1, tried in this order.
struct Trouble {
  double refused = 0;  ///< No connection.
  double page = 0;     ///< A 502 page of a proxy.
  double busy = 0;     ///< 429 that asks to wait.
  double broken = 0;   ///< Carried out, and the answer lost.
  Duration delay = std::chrono::milliseconds(20);
};

class Translators {
 public:
  /// Tells the edge what happens to its lanes.
  using Tell = std::function<void(const edge::uplink::LaneEvent&)>;

  Translators(sim::Timeline& timeline, Random& random, Homeserver& homeserver, Canary canary,
              size_t replicas);

  void Connect(Tell tell) { tell_ = std::move(tell); }
  void Obey(edge::uplink::Action action);
  /// Every lane of the replica dies at once, and what is under way with it.
  void Kill(size_t replica);
  void Revive(size_t replica) { alive_[replica] = true; }
  /// The edge is gone, with all its lanes.
  void ForgetEdge();
  size_t replicas() const { return alive_.size(); }
  /// Answers by a window that wait for their clients.
  size_t held() const { return held_.size(); }

  Trouble trouble;
  uint64_t requests = 0;
  uint64_t dropped = 0;  ///< Answers by a window that made room for others.

 private:
  struct UnderWay {
    v1::Request request;
    uint64_t upstream = 0;  ///< At the homeserver; 0: not there.
  };
  struct Lane : translator::ingress::AnswerHolder {
    Lane(size_t leads_to, Budget& budget) : replica(leads_to), answers(budget) {}
    void DropAnswer(uint64_t exchange) override { answers.Drop(exchange); }
    size_t replica;
    std::map<uint64_t, UnderWay> exchanges;
    translator::ingress::AnswerQueue answers;
  };
  using LaneId = edge::uplink::LaneId;

  void Open(LaneId lane);
  void Take(LaneId lane, const v1::EdgeFrame& frame);
  void Start(LaneId lane, uint64_t exchange);
  void Upstream(LaneId lane, uint64_t exchange, const translator::mapping::MappedRequest& mapped);
  void Respond(LaneId lane, uint64_t exchange, const translator::ExchangeAnswer& mapped);
  /// False: it has to go whole.
  bool RespondByWindow(const std::shared_ptr<Lane>& lane, uint64_t exchange,
                       translator::ExchangeAnswer& answer, const v1::Request& request);
  /// Writes whatever is ready, on all lanes.
  void Write();
  void SendObservable(LaneId lane, uint64_t exchange);
  void Drop(LaneId lane);
  bool Chance(double chance) { return random_.Unit() < chance; }

  sim::Timeline& timeline_;
  Random& random_;
  Homeserver& homeserver_;
  const Canary canary_;
  const translator::mapping::Mapping mapping_;
  Tell tell_;
  std::vector<bool> alive_;
  Budget whole_{size_t{64} << 20};
  // So little that some have to make room.
  translator::ingress::HeldAnswers held_{120'000};
  std::map<LaneId, std::shared_ptr<Lane>> lanes_;
  uint64_t generation_ = 0;  ///< Of the edge: what was for an earlier one is dropped.
};

}  // namespace lowband::testing
