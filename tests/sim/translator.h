// The translators of the simulator: several replicas behind the edge's lanes, each with the real
// mapping, in front of the model homeserver. Replicas die and come back; the way to the homeserver
// fails in every way that the mapping knows.
//
// Threading: one thread. Ownership: what the constructor is given outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "libs/base/random.h"
#include "libs/sim/timeline.h"
#include "services/translator/mapping/mapping.h"
#include "tests/sim/canary.h"
#include "tests/sim/homeserver.h"
#include "tests/support/translator_lanes.h"

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
  void Obey(edge::uplink::Action action) { lanes_.Obey(std::move(action)); }
  /// Every lane of the replica dies at once, and what is under way with it.
  void Kill(size_t replica);
  void Revive(size_t replica) { alive_[replica] = true; }
  /// The edge is gone, with all its lanes.
  void ForgetEdge() { lanes_.ForgetEdge(); }
  size_t replicas() const { return alive_.size(); }
  /// Answers by a window that wait for their clients.
  size_t held() const { return room_.held.size(); }
  /// Answers by a window that made room for others.
  uint64_t dropped() const { return room_.dropped; }

  Trouble trouble;
  uint64_t requests = 0;

 private:
  using LaneId = TranslatorLanes::LaneId;
  struct UnderWay {
    v1::Request request;
    uint64_t upstream = 0;  ///< At the homeserver; 0: not there.
  };

  TranslatorLanes::Hooks LaneHooks();
  void Start(LaneId lane, uint64_t exchange, v1::Request request);
  void Upstream(LaneId lane, uint64_t exchange, const translator::mapping::MappedRequest& mapped);
  void PollOn(v1::Request request, const std::string& cursor);
  void Respond(LaneId lane, uint64_t exchange, const translator::ingress::ExchangeAnswer& mapped);
  void Cancel(LaneId lane, uint64_t exchange);
  void End(LaneId lane);
  bool Chance(double chance) { return random_.Unit() < chance; }

  sim::Timeline& timeline_;
  Random& random_;
  Homeserver& homeserver_;
  const Canary canary_;
  const translator::mapping::Mapping mapping_;
  Tell tell_;
  std::vector<bool> alive_;
  // So little for answers by a window that some have to make room.
  TranslatorLanes::Room room_{size_t{64} << 20, 120'000};
  std::map<LaneId, std::map<uint64_t, UnderWay>> under_way_;
  TranslatorLanes lanes_;
};

}  // namespace lowband::testing
