// One request and its answer, streamed through a relay call. What waits for the slower side is held
// nowhere but in one piece a direction: the next is asked for when that one is gone. A short answer
// is held until it is whole, so that a translator that dies in the middle of it breaks nothing off.
//
//   client ──Wire──▶ RequestBody ──piece──▶ call ──▶ translator
//          ◀──Wire── framing    ◀──piece──      ◀──
//
// It is stepped when its socket is ready, when its call has news, and when its deadline is due.
//
// Threading: one thread, the connection's. Ownership: borrows all but the call. Spec: RFC 9112 §6,
// §9.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "libs/http/request_head.h"
#include "services/edge/fallback/config.h"
#include "services/edge/fallback/counters.h"
#include "services/edge/fallback/forward.h"
#include "services/edge/fallback/relay_call.h"
#include "services/edge/fallback/request_body.h"
#include "services/edge/fallback/stall_watch.h"
#include "services/edge/fallback/stop_state.h"
#include "services/edge/fallback/wake_queue.h"
#include "services/edge/fallback/wire.h"

namespace lowband::edge::fallback {

/// What a transfer needs beside its request; outlives it.
struct TransferContext {
  const Config& config;
  const Client& client;
  RelayChannel& channel;
  Waker waker;  ///< For its calls.
  const StopState& stop;
  Counters& counters;
};

class Transfer {
 public:
  Transfer(TimePoint now, const TransferContext& context, const http::RequestHead& head,
           Wire& wire);

  /// Goes as far as it can.
  void Step(TimePoint now);
  /// Ends for another, with an answer that says so if there is none yet.
  void MakeRoom();
  /// None: it goes on. Else the answer, if there is one, is in the wire, mostly sent.
  const std::optional<TransferEnd>& end() const { return end_; }
  /// While it goes on: when to step it, whatever happens.
  std::optional<TimePoint> deadline() const;
  /// At the end: the connection can take another request.
  bool keep_alive() const { return keep_alive_; }
  /// The head of an answer is in the wire.
  bool answered() const { return answered_; }
  /// After kBadBody: what was wrong.
  const http::Refusal& refusal() const { return refusal_; }
  /// At the end; valid as long as the head.
  TransferRecord record(TimePoint now) const;

 private:
  void Advance(TimePoint now);
  /// True when a call may begin.
  bool ReadAhead(TimePoint now);
  void TakePiece();
  void Begin(TimePoint now);
  void TakeEvents(TimePoint now);
  void Take(TimePoint now, CallReceived& received);
  void TakeHead(TimePoint now, const v1::RelayResponse& response);
  void TakeData(TimePoint now, std::string_view data);
  void TakeEnd(TimePoint now, CallEnd end);
  void GiveAnswer();
  void Upload();
  void Download();
  bool ClientIsGone() const;
  bool AnswerIsSent() const;
  bool WaitsForClient() const;
  bool MayRepeat(CallEnd end) const;
  bool BodyIsHere() const;
  bool aborting() const { return context_.stop.aborting.load(std::memory_order_relaxed); }
  void End(TransferEnd end) { end_ = end; }
  void AnswerError(uint16_t status, std::string_view error);

  const TransferContext& context_;
  const http::RequestHead& head_;
  Wire& wire_;
  RequestBody body_;
  StallWatch stall_;
  const RequestId id_;
  const TimePoint started_;
  std::unique_ptr<RelayChannel::Call> call_;
  std::vector<CallEvent> events_;
  std::string piece_;  ///< Of the body, taken from the wire and not yet given to the call.
  std::optional<TransferEnd> end_;
  int attempts_ = 0;
  int deaths_ = 0;  ///< Calls that were taken and then broke.
  TimePoint open_deadline_;
  bool opened_ = false;
  bool writing_ = false;  ///< A piece is under way to the translator.
  bool writes_ended_ = false;
  bool body_taken_ = false;      ///< Some of the body was given to a call: not to be had again.
  bool awaits_proceed_ = false;  ///< The client sends the body when it is told to.
  bool reads_next_ = false;      ///< The next piece of the answer is to be asked for.
  bool answered_ = false;        ///< The head of an answer is in the wire.
  bool answer_whole_ = false;
  bool keep_alive_ = false;
  bool held_ = false;    ///< What there is of an answer is in answer_.bytes.
  uint16_t status_ = 0;  ///< Of the answer in the wire.
  AnswerHead answer_;
  uint64_t answer_bytes_ = 0;
  http::Refusal refusal_;
};

}  // namespace lowband::edge::fallback
