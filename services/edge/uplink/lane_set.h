// The lanes of one worker: distribution of exchanges, batching, recycling, failover and deadlines.
// Sans-IO; lane_transport.h moves the batches by gRPC.
//
//   Submit ─▶ placed on the open lane with the fewest exchanges ─▶ written in frames, in turn with
//      │        ▲                                    │ lane died    the others of the lane
//      │ none   │ a lane opened                      ▼                   │
//      └────▶ waiting ──no_translator_timeout──▶ 5.03   failover below         ▼
//                                                                 answer, complete
//
// An answer by a window is delivered with its first piece; from then on its exchange has no
// deadline, and lasts until the last piece, the loss of its lane, or its cancellation.
//
// An exchange whose lane dies goes to another lane, once, if a repeat is safe (GET, PUT, DELETE, or
// none of it was written yet); otherwise it is answered by one 5.04. A POST is never carried out
// twice. A batch takes all that is queued when its lane becomes writable: no timer.
//
// Threading: one worker thread. Ownership: see the constructor. Limits: limits.h. Spec:
// proto/lowband/v1/translator.proto.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "libs/base/random.h"
#include "libs/base/time.h"
#include "libs/base/timer_queue.h"
#include "services/edge/request/exchange.h"
#include "services/edge/uplink/actions.h"
#include "services/edge/uplink/config.h"
#include "services/edge/uplink/counters.h"
#include "services/edge/uplink/exchange_state.h"
#include "services/edge/uplink/failure.h"
#include "services/edge/uplink/lane_event.h"
#include "services/edge/uplink/lane_pool.h"

namespace lowband::edge::uplink {

class LaneSet {
 public:
  /// `random` outlives the set. Lanes are opened from the first Advance() on.
  LaneSet(const Config& config, Random& random);
  LaneSet(const LaneSet&) = delete;
  LaneSet& operator=(const LaneSet&) = delete;

  void Submit(TimePoint now, request::Command command);
  void Handle(TimePoint now, const LaneEvent& event);

  /// Opens no more lanes, and finishes open ones when they are idle.
  void Stop(TimePoint now);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();

  std::optional<Action> PollAction();
  std::optional<request::Answer> PollAnswer();
  /// A piece of an answer by a window; drained after the answers.
  std::optional<request::AnswerPiece> PollPiece();
  /// An exchange whose path can be observed; drained before the answers.
  std::optional<request::ExchangeId> PollObservable();
  /// A record of an exchange, as configured by Config::records.
  std::optional<ExchangeRecord> PollRecord();

  /// At least one lane is open; for /readyz.
  bool ready() const { return pool_.open() > 0; }
  size_t lanes_open() const { return pool_.open(); }
  /// After Stop(): no lane is left.
  bool stopped() const { return pool_.stopped() && pool_.lanes().empty(); }
  size_t exchanges_in_flight() const { return exchanges_.size(); }
  const Counters& counters() const { return counters_; }

 private:
  using ExchangeId = request::ExchangeId;
  /// When a begun exchange is sent again, and the replica that did not answer it.
  struct Resend {
    TimePoint at;
    std::string lost_at;
  };

  void Start(TimePoint now, request::StartExchange start);
  void Cancel(TimePoint now, ExchangeId id);
  void OnOpened(TimePoint now, const LaneOpened& opened);
  void OnWritten(LaneId id);
  void OnBatch(TimePoint now, LaneId id, const v1::TranslatorBatch& batch);
  void OnDead(TimePoint now, LaneId id);

  ExchangeState* Find(ExchangeId id);
  ExchangeState* FindOn(const Lane& lane, ExchangeId id);
  void Place(TimePoint now, ExchangeState& exchange);
  void PlaceWaiting(TimePoint now);
  void Unplace(ExchangeState& exchange);
  void TakeBackUnwritten(TimePoint now, Lane& lane);
  void FailOver(TimePoint now, ExchangeState& exchange, const Resend& resend);
  /// The interval between repeated long polls.
  Duration PollInterval(size_t polls) const;
  void OnFrame(Lane& lane, const v1::TranslatorFrame& frame);
  // lane_windows.cc
  void GiveCredit(const request::GiveCredit& credit);
  void OnWindowed(ExchangeState& exchange, const v1::Answer& head);
  void OnPiece(ExchangeState& exchange, const v1::TranslatorFrame& frame);
  /// Ends an incomplete answer. `told`: no cancel is needed.
  void BreakOff(ExchangeState& exchange, bool told);
  void CutLingering(TimePoint now);
  void WriteCredits(Lane& lane, v1::EdgeBatch& batch);
  void RecordAnswer(const ExchangeState& exchange, const request::Answer& answer);
  void OnDue(TimePoint now, ExchangeState& exchange);
  /// Answers the exchange with a failure; cancels it at its translator, if it was begun.
  void Fail(ExchangeState& exchange, Failure failure);
  /// Ends the exchange. `told`: no cancel is needed.
  void Remove(ExchangeState& exchange, bool told);
  void FailStranded();
  bool Wants(Records records) const { return config_.records >= records; }
  std::optional<Action> BuildBatch(Lane& lane);
  /// Exchanges that have a lane.
  size_t placed() const;

  Config config_;
  Random& random_;
  Counters counters_;
  LanePool pool_;
  Budget answers_budget_;
  size_t requests_bytes_ = 0;
  TimePoint now_;
  std::unordered_map<ExchangeId, ExchangeState> exchanges_;
  TimerQueue<ExchangeId> timers_;
  /// Without a lane, in the order of arrival. Both may contain ids of ended exchanges.
  std::deque<ExchangeId> waiting_;
  std::multimap<TimePoint, ExchangeId> resends_;
  std::deque<request::Answer> answers_;
  std::deque<request::AnswerPiece> pieces_;
  std::deque<ExchangeId> observables_;
  std::deque<ExchangeRecord> records_;
};

}  // namespace lowband::edge::uplink
