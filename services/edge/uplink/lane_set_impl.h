// The parts of a lane set, put together; lane_set.h says what it does.
//
// Threading: one worker thread.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "libs/base/timer_queue.h"
#include "services/edge/uplink/counters.h"
#include "services/edge/uplink/exchange_state.h"
#include "services/edge/uplink/failure.h"
#include "services/edge/uplink/lane_pool.h"
#include "services/edge/uplink/lane_set.h"
#include "services/edge/uplink/limits.h"

namespace lowband::edge::uplink {

using request::ExchangeId;

class LaneSet::Impl {
 public:
  Impl(const Config& config, Random& random)
      : config_(config),
        random_(random),
        pool_(config_, random, counters_),
        answers_budget_{config.answers_bytes_max} {}

  void Start(TimePoint now, request::StartExchange start);
  void Cancel(TimePoint now, ExchangeId id);
  void GiveCredit(const request::GiveCredit& credit);

  void OnOpened(TimePoint now, LaneId id, std::string_view replica);
  void OnWritten(TimePoint now, LaneId id);
  void OnBatch(TimePoint now, LaneId id, const v1::TranslatorBatch& batch);
  void OnDead(TimePoint now, LaneId id);

  void Stop(TimePoint now);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();
  std::optional<Action> PollAction();
  std::optional<request::Answer> PollAnswer();
  std::optional<request::AnswerPiece> PollPiece();
  std::optional<ExchangeId> PollObservable();
  std::optional<ExchangeRecord> PollRecord();

  const LanePool& pool() const { return pool_; }
  size_t exchanges() const { return exchanges_.size(); }
  const Counters& counters() const { return counters_; }

 private:
  /// When an exchange is sent again that was begun, and the replica that did not answer it.
  struct Resend {
    TimePoint at;
    std::string lost_at;
  };

  ExchangeState* Find(ExchangeId id);
  ExchangeState* FindOn(const Lane& lane, ExchangeId id);
  void Place(TimePoint now, ExchangeState& exchange);
  void PlaceWaiting(TimePoint now);
  void Unplace(ExchangeState& exchange);
  void TakeBackUnwritten(TimePoint now, Lane& lane);
  void FailOver(TimePoint now, ExchangeState& exchange, const Resend& resend);
  /// From one long poll that is sent again to the next.
  Duration PollInterval(size_t polls) const;
  void OnFrame(Lane& lane, const v1::TranslatorFrame& frame);
  // lane_windows.cc
  void OnWindowed(ExchangeState& exchange, const v1::Answer& head);
  void OnPiece(ExchangeState& exchange, const v1::TranslatorFrame& frame);
  /// No more comes of its answer. `told`: its translator knows.
  void BreakOff(ExchangeState& exchange, bool told);
  void CutLingering(TimePoint now);
  void WriteCredits(Lane& lane, v1::EdgeBatch& batch);
  void RecordAnswer(const ExchangeState& exchange, const request::Answer& answer);
  void OnDue(TimePoint now, ExchangeState& exchange);
  /// Answers the exchange from here; tells its translator, if one has begun it.
  void Fail(ExchangeState& exchange, Failure failure);
  /// Ends the exchange. `told`: its translator knows.
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
  /// Without a lane, in the order of arrival. Both may hold ids of exchanges that are over.
  std::deque<ExchangeId> waiting_;
  std::multimap<TimePoint, ExchangeId> resends_;
  std::deque<request::Answer> answers_;
  std::deque<request::AnswerPiece> pieces_;
  std::deque<ExchangeId> observables_;
  std::deque<ExchangeRecord> records_;
};

}  // namespace lowband::edge::uplink
