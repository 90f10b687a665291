// One request and its answer, streamed through a relay call. Each direction buffers only one piece
// for the slower side, and requests the next when that one is gone. A short answer is held until it
// is complete, so that a translator that dies does not cut it off.
//
//   client ──Wire──▶ RequestBody ──piece──▶ call ──▶ translator
//          ◀──Wire── framing    ◀──piece──      ◀──
//
// It is stepped when its socket is ready, its call has events, or its deadline is due.
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

/// The environment of a transfer; outlives it.
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

  /// Advances as far as possible without blocking.
  void Step(TimePoint now);
  /// Ends to make room for another, with an error as the answer if there is none yet.
  void MakeRoom();
  /// None: it goes on. Otherwise the answer, if any, is in the wire, and usually sent.
  const std::optional<TransferEnd>& end() const { return end_; }
  /// While it goes on: the time to step it without any other event.
  std::optional<TimePoint> deadline() const;
  /// At the end: whether the connection can take another request.
  bool keep_alive() const { return keep_alive_; }
  /// Whether the head of an answer is in the wire.
  bool answered() const { return answered_; }
  /// After kBadBody: the reason.
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
  bool body_taken_ = false;      ///< A part of the body was given to a call: it cannot be repeated.
  bool awaits_proceed_ = false;  ///< The client waits for 100 (Continue) to send the body.
  bool reads_next_ = false;      ///< The next piece of the answer must be requested.
  bool answered_ = false;        ///< The head of an answer is in the wire.
  bool answer_whole_ = false;
  bool keep_alive_ = false;
  bool held_ = false;    ///< The answer so far is in answer_.bytes.
  uint16_t status_ = 0;  ///< Of the answer in the wire.
  AnswerHead answer_;
  uint64_t answer_bytes_ = 0;
  http::Refusal refusal_;
};

}  // namespace lowband::edge::fallback
