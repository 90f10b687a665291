// The transfers of one relay lane at the edge: for each, the output, written in turn one piece at a
// time, and the input until its connection drains it. Sans-IO; relay_lane.h moves the batches.
//
//   Start, Write, EndBody, GiveCredit, Leave ─▶ Fill ─▶ translator
//   translator ─▶ Take ─▶ wakes the connection ─▶ Drain
//
// A transfer is written only as far as the translator gave credit. An answer may come only as far
// as we gave credit: more ends the transfer, and its input is freed.
//
// Threading: one thread at a time. Ownership: owns the state of each transfer until Leave().
// Limits: per transfer one piece of the request's body, and of the answer's body the credit.
// Spec: proto/lowband/v1/translator.proto.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "libs/base/piece.h"
#include "lowband/v1/translator.pb.h"
#include "services/edge/fallback/relay_call.h"

namespace lowband::edge::fallback {

class LaneCalls {
 public:
  using Id = uint64_t;

  // For one transfer.
  /// Returns its id; `waker` wakes when Drain() gets its first events.
  Id Start(v1::RelayRequest request, size_t window, Waker waker);
  /// REQUIRES: CallWritten has come for the previous piece.
  void Write(Id id, std::string piece);
  /// The body is whole.
  void EndBody(Id id);
  /// Allows the answer's body to come up to `until`.
  void GiveCredit(Id id, uint64_t until);
  /// As RelayChannel::Call::Drain.
  void Drain(Id id, std::vector<CallEvent>& events);
  /// Its connection abandons it.
  void Leave(Id id);

  // For the lane.
  bool HasOutput() const { return !speaking_.empty(); }
  void Fill(v1::RelayEdgeBatch& batch);
  /// The last batch has been written.
  void OnWritten();
  void Take(v1::RelayTranslatorBatch& batch);
  /// The lane has ended: ends all its remaining transfers.
  void End(CallEnd end);
  size_t size() const { return calls_.size(); }
  /// All transfers have ended; events may wait for Drain().
  bool idle() const { return going_on_ == 0; }

 private:
  struct Call {
    Waker waker;
    // To be written.
    std::unique_ptr<v1::RelayStart> start;
    Piece piece;
    bool ends_body = false;
    bool left = false;         ///< To be cancelled, then erased.
    bool broke_rules = false;  ///< We have ended it; the translator must be informed.
    bool queued = false;
    uint64_t sent = 0;
    uint64_t until = 0;  ///< The translator's credit.
    // Received, and not drained.
    bool opened = false;
    bool written = false;
    bool woken = false;
    bool proceed = false;
    std::unique_ptr<v1::RelayResponse> response;
    std::string data;
    std::optional<CallEnd> end;
    bool end_told = false;
    // The answer's credit.
    uint64_t come = 0;
    uint64_t given = 0;
    uint64_t told = 0;
  };

  Call* Find(Id id);
  static size_t Sendable(const Call& call);
  static bool HasOutput(const Call& call);
  void Queue(Id id, Call& call);
  static void Wake(Call& call);
  void TakeFrame(Call& call, v1::RelayTranslatorFrame& frame);
  void TakeData(Call& call, std::string data);
  void EndCall(Call& call, CallEnd end);
  /// Frees its state.
  void Forget(std::unordered_map<Id, Call>::iterator call);
  size_t FillOne(Id id, Call& call, v1::RelayEdgeBatch& batch);

  Id next_ = 1;
  std::unordered_map<Id, Call> calls_;
  size_t going_on_ = 0;  ///< Not ended.
  std::deque<Id> speaking_;
  std::vector<Id> writing_;  ///< The last batch has their last piece.
};

}  // namespace lowband::edge::fallback
