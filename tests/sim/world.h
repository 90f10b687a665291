// Everything in one process and in virtual time: phones, a bad network, the edge's own stages,
// translators, a homeserver, attackers in a share of the seeds; and a judge that knows what must
// never happen.
//
//   N1 one answer to a request   N2 no POST twice   N3 a transaction once, whatever is repeated
//   N4 no since before its body was received whole   N5 a registration's own since counts
//   N6 an observation outlives whatever is wrong upstream
//   and: each event once and in order, nothing grows, nothing is left over, attackers shut nobody
//   out.
//
// One seed gives one run, to the byte.
//
// Threading: one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "libs/base/timer_queue.h"
#include "libs/sim/link.h"
#include "libs/sim/timeline.h"
#include "services/edge/dtls/credentials.h"
#include "services/edge/pipeline.h"
#include "tests/sim/attackers.h"
#include "tests/sim/canary.h"
#include "tests/sim/homeserver.h"
#include "tests/sim/phone.h"
#include "tests/sim/scenario.h"
#include "tests/sim/translator.h"

namespace lowband::testing {

/// By what is shared at the edge: how often it was full; and how often noise was known for such.
using Pressure = std::map<std::string, uint64_t>;

class World {
 public:
  /// `trace` gets a line for whatever happens; may be empty.
  World(const Scenario& scenario, Canary canary,
        std::function<void(const std::string&)> trace = {});
  ~World();

  /// The storm; fine weather in which attackers, if there are some, go on; then without them until
  /// all has arrived. What went wrong; empty: nothing.
  const std::vector<std::string>& Run();

  /// What the network carried, both ways.
  const sim::Link& link() const { return link_; }
  const std::vector<std::unique_ptr<Phone>>& phones() const { return phones_; }
  uint64_t events() const;
  const Scenario& scenario() const { return scenario_; }
  /// Answers by a window that made room for others at the translators.
  uint64_t answers_dropped() const { return translators_.dropped(); }
  edge::Pipeline& edge() { return *edge_; }
  /// Of all processes that the edge was so far.
  Pressure pressure() const;
  /// How long it took until phones were served beside attackers, in fine weather.
  Duration beside_attackers() const { return beside_attackers_; }
  /// Lets time pass as it is, without storm or judge.
  void Pass(Duration time);

 private:
  void StartEdge();
  void CrashEdge();
  void AddAttackers();
  void AddPhone(size_t index);
  SocketAddress NewAddress();
  void Every(Duration mean, std::function<void()> run);
  void PlanStorm();
  void PlanPhone(size_t index);
  void Calm();
  /// Attackers do what they can, and each phone has what it wants all the same.
  void ServeBesideAttackers();
  void RunUntil(TimePoint end, const std::function<bool()>& done = {});
  void Settle();
  bool SettleEdge();
  void SettlePhone(size_t index);
  void Deliver(size_t index, const Bytes& datagram);
  void AddPressure(Pressure& to) const;
  bool EventsArrived() const;
  bool AllArrived() const;
  void Judge();
  void JudgeLimits();
  void JudgeLedgers();
  void Violation(const std::string& text);
  void Trace(const std::string& text) const;

  const Scenario scenario_;
  const Canary canary_;
  const std::function<void(const std::string&)> trace_;
  std::unique_ptr<Random> random_;
  sim::Timeline timeline_;
  const TimePoint start_ = timeline_.now();
  sim::Link link_;
  sim::Link attackers_link_;
  Homeserver homeserver_;
  Translators translators_;
  uint64_t edge_starts_ = 0;
  edge::PipelineConfig config_;
  edge::admission::Limits limits_;
  std::unique_ptr<edge::dtls::Credentials> credentials_;
  std::unique_ptr<edge::admission::Admission> admission_;
  std::unique_ptr<edge::Pipeline> edge_;  ///< Null: it has crashed.
  TimePoint paused_until_;
  Pressure earlier_pressure_;  ///< Of processes that crashed.
  std::unique_ptr<Attackers> attackers_;
  std::vector<std::unique_ptr<Phone>> phones_;
  std::vector<SocketAddress> addresses_;
  std::vector<bool> offline_;
  std::unordered_map<SocketAddress, size_t> by_address_;
  TimerQueue<size_t> deadlines_;
  uint32_t next_address_ = 0;
  bool storm_ = true;
  Duration beside_attackers_{};
  std::vector<std::string> violations_;
};

}  // namespace lowband::testing
