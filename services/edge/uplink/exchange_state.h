// One exchange from its submission to its answer: the part of the request that is still to be
// written, its lane, and the part of the answer that has come.
//
// Threading: one worker thread. Spec: proto/lowband/v1/translator.proto.
#pragma once

#include <string>

#include "libs/base/random.h"
#include "services/edge/request/error_answer.h"
#include "services/edge/request/exchange.h"
#include "services/edge/uplink/answer_assembly.h"
#include "services/edge/uplink/config.h"

namespace lowband::edge::uplink {

/// No lane yet. Lanes count from 1.
inline constexpr uint64_t kNoLane = 0;

class ExchangeState {
 public:
  ExchangeState(TimePoint now, request::StartExchange start, const Config& config, Random& random,
                Budget& answers);

  request::ExchangeId id() const { return id_; }
  TimePoint deadline() const { return deadline_; }
  request::BodyForm form() const { return form_; }
  /// Bytes of the request without its body, on the wire.
  size_t head_bytes() const { return head_bytes_; }
  /// Bytes of the request in memory.
  size_t request_bytes() const { return head_bytes_ + body_bytes_; }
  /// It may be carried out twice (RFC 7252 §5.8: GET, PUT, DELETE).
  bool repeatable() const { return repeatable_; }
  /// The homeserver waits for news, or seems to.
  bool IsLongPoll(TimePoint now) const;

  uint64_t lane() const { return lane_; }
  /// Puts the exchange on a lane, or on none; nothing of it counts as written on that lane.
  void Assign(uint64_t lane);
  /// A part of it was handed to its lane.
  bool begun() const { return begun_; }
  /// It was begun on a lane that died. That happens at most once.
  bool resent() const { return resent_; }
  /// `replica`: the replica of that lane, if known.
  void MarkResent(const std::string& replica) {
    resent_ = true;
    lost_at_ = replica;
  }
  /// The replica of the lane that died; empty: none, or an unknown one.
  const std::string& lost_at() const { return lost_at_; }

  /// The approximate size of the next frame in a batch.
  size_t NextFrameBytes() const;
  /// Fills the next frame; false if it was the last.
  bool NextFrame(TimePoint now, v1::EdgeFrame& frame);

  AnswerAssembly& answer() { return answer_; }

  /// The head of an answer by a window; if it is accepted, pieces follow.
  AnswerAssembly::Progress TakeWindowed(const v1::Answer& head, request::Answer& answer);
  /// Such a head has come: pieces follow.
  bool windowed() const { return windowed_; }
  /// False if it is not the next piece.
  bool TakePiece(const v1::BodyChunk& piece);
  /// True if a credit must be written to the lane.
  bool GiveCredit(uint64_t until);
  /// Fills the frame with the credit.
  void WriteCredit(v1::EdgeFrame& frame);

  /// Its record, before it has ended.
  ExchangeRecord Record(TimePoint now) const;

 private:
  void FillHead(TimePoint now, v1::Request& out);
  std::string NextPiece();

  request::ExchangeId id_;
  RequestId request_id_;
  TimePoint started_;
  TimePoint deadline_;
  v1::Method method_;
  Pseudonym client_;
  request::BodyForm form_;
  bool repeatable_;
  bool begun_ = false;
  bool resent_ = false;
  std::string lost_at_;
  uint64_t lane_ = kNoLane;
  v1::Request head_;  ///< Without its body.
  std::string body_;
  size_t head_bytes_;
  size_t body_bytes_;
  size_t body_written_ = 0;
  AnswerAssembly answer_;
  // By a window; offsets in the body.
  bool windowed_ = false;
  bool credit_due_ = false;
  uint64_t came_ = 0;
  uint64_t until_ = 0;
  uint64_t size_ = 0;
};

}  // namespace lowband::edge::uplink
