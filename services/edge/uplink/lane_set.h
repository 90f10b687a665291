// The lanes of one worker: which exchange goes on which stream, batching, recycling, failover and
// deadlines. Sans-IO; lane_transport.h moves the batches by gRPC.
//
//   Submit ─▶ placed on the open lane with the fewest exchanges ─▶ written in frames, in turn with
//      │        ▲                                    │ lane died    the others of the lane
//      │ none   │ a lane opened                      ▼                   │
//      └────▶ waiting ──no_lane_timeout──▶ 5.03   failover below         ▼
//                                                                 answer, complete
//
// An answer that comes by a window is handed on with its first piece; from there on its exchange is
// under way without a deadline, until the last piece, its lane's death or its cancellation.
//
// An exchange whose lane dies goes once to another lane if repeating it is safe (GET, PUT, DELETE,
// or none of it was written yet); otherwise it is answered with one 5.04. Never two executions of
// a POST. A batch takes whatever is queued when its lane is ready to be written: no timer.
//
// Threading: one worker thread. Ownership: see the constructor. Limits: limits.h. Spec:
// proto/lowband/v1/translator.proto.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "libs/base/random.h"
#include "libs/base/time.h"
#include "services/edge/request/exchange.h"
#include "services/edge/uplink/actions.h"
#include "services/edge/uplink/config.h"

namespace lowband::edge::uplink {

struct Counters;  // counters.h

class LaneSet {
 public:
  /// `random` outlives the set. Lanes are opened from the first Advance() on.
  LaneSet(const Config& config, Random& random);
  ~LaneSet();

  void Submit(TimePoint now, request::Command command);

  /// `replica` names the translator that the lane leads to; lanes to one and the same are replaced
  /// sooner, to find others.
  void OnLaneOpened(TimePoint now, LaneId lane, std::string_view replica = {});
  void OnLaneWritten(TimePoint now, LaneId lane);
  void OnLaneBatch(TimePoint now, LaneId lane, v1::TranslatorBatch batch);
  /// The stream ended, for whatever reason; ids of dead lanes are never used again.
  void OnLaneDead(TimePoint now, LaneId lane);

  /// Opens no more lanes and finishes those open as they fall idle.
  void Stop(TimePoint now);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();

  std::optional<Action> PollAction();
  std::optional<request::Answer> PollAnswer();
  /// Of answers by a window; drained after the answers.
  std::optional<request::AnswerPiece> PollPiece();
  /// An exchange whose path can be observed; drained before the answers.
  std::optional<request::ExchangeId> PollObservable();
  /// Of the exchanges that Config::records asks for.
  std::optional<ExchangeRecord> PollRecord();

  /// At least one lane is open: what /readyz asks.
  bool ready() const;
  size_t lanes_open() const;
  /// After Stop(): no lane is left.
  bool stopped() const;
  size_t exchanges_in_flight() const;
  const Counters& counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband::edge::uplink
