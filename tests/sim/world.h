// Everything in one process and in virtual time: phones, a bad network, the edge's own stages,
// translators, a homeserver; and a judge that knows what must never happen.
//
//   N1 one answer to a request   N2 no POST twice   N3 a transaction once, whatever is repeated
//   N4 no since before its body was received whole   N5 a registration's own since counts
//   N6 an observation outlives whatever is wrong upstream
//   and: each event once and in order, nothing grows, nothing is left over.
//
// One seed gives one run, to the byte.
//
// Threading: one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "libs/base/timer_queue.h"
#include "libs/sim/link.h"
#include "libs/sim/timeline.h"
#include "services/edge/dtls/credentials.h"
#include "services/edge/pipeline.h"
#include "tests/sim/canary.h"
#include "tests/sim/homeserver.h"
#include "tests/sim/phone.h"
#include "tests/sim/scenario.h"
#include "tests/sim/translator.h"

namespace lowband::testing {

class World {
 public:
  /// `trace` gets a line for whatever happens; may be empty.
  World(const Scenario& scenario, Canary canary,
        std::function<void(const std::string&)> trace = {});
  ~World();

  /// The storm, then fine weather until all has arrived. What went wrong; empty: nothing.
  const std::vector<std::string>& Run();

  /// What the network carried, both ways.
  const sim::Link& link() const { return link_; }
  const std::vector<std::unique_ptr<Phone>>& phones() const { return phones_; }
  uint64_t events() const;
  /// Answers by a window that made room for others at the translators.
  uint64_t answers_dropped() const { return translators_.dropped; }
  edge::Pipeline& edge() { return *edge_; }
  /// Lets time pass as it is, without storm or judge.
  void Pass(Duration time);

 private:
  void StartEdge();
  void CrashEdge();
  void AddPhone(size_t index);
  SocketAddress NewAddress();
  void Every(Duration mean, std::function<void()> run);
  void PlanStorm();
  void PlanPhone(size_t index);
  void Calm();
  void RunUntil(TimePoint end, const std::function<bool()>& done = {});
  void Settle();
  bool SettleEdge();
  void SettlePhone(size_t index);
  void Deliver(size_t index, const Bytes& datagram);
  bool AllArrived() const;
  void Judge();
  void JudgeLimits();
  void Violation(const std::string& text);
  void Trace(const std::string& text) const;

  const Scenario scenario_;
  const Canary canary_;
  const std::function<void(const std::string&)> trace_;
  std::unique_ptr<Random> random_;
  sim::Timeline timeline_;
  const TimePoint start_ = timeline_.now();
  sim::Link link_;
  Homeserver homeserver_;
  Translators translators_;
  uint64_t edge_starts_ = 0;
  std::unique_ptr<edge::dtls::Credentials> credentials_;
  std::unique_ptr<edge::admission::Admission> admission_;
  std::unique_ptr<edge::Pipeline> edge_;  ///< Null: it has crashed.
  TimePoint paused_until_;
  std::vector<std::unique_ptr<Phone>> phones_;
  std::vector<SocketAddress> addresses_;
  std::vector<bool> offline_;
  std::unordered_map<SocketAddress, size_t> by_address_;
  TimerQueue<size_t> deadlines_;
  uint32_t next_address_ = 0;
  bool storm_ = true;
  std::vector<std::string> violations_;
};

}  // namespace lowband::testing
