// The transfers of one relay lane, as its edge sees them: what is to be written of each, in turn a
// piece, and what came for each until its connection looks. Sans-IO; relay_lane.h moves the
// batches.
//
//   Start, Write, EndBody, GiveCredit, Leave ─▶ Fill ─▶ translator
//   translator ─▶ Take ─▶ wakes the connection ─▶ Drain
//
// A transfer is written no further than the translator gave credit for, and nothing comes of an
// answer beyond what was given: more ends the transfer, and what came of it is freed.
//
// Threading: one thread at a time. Ownership: of what it holds for each transfer until Leave().
// Limits: of each transfer one piece of the request's body, and of the answer's body the credit.
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
  /// Names it; `waker` is told when Drain() has something and had not before.
  Id Start(v1::RelayRequest request, size_t window, Waker waker);
  /// REQUIRES: CallWritten came of what was written before.
  void Write(Id id, std::string piece);
  /// The body is whole.
  void EndBody(Id id);
  /// The answer's body may come up to here.
  void GiveCredit(Id id, uint64_t until);
  /// As RelayChannel::Call::Drain.
  void Drain(Id id, std::vector<CallEvent>& events);
  /// Its connection wants no more of it.
  void Leave(Id id);

  // For the lane.
  bool HasOutput() const { return !speaking_.empty(); }
  void Fill(v1::RelayEdgeBatch& batch);
  /// The last batch is on its way.
  void OnWritten();
  void Take(v1::RelayTranslatorBatch& batch);
  /// The lane is over, and with it all that have not ended.
  void End(CallEnd end);
  size_t size() const { return calls_.size(); }
  /// Nothing is under way: all have ended, and what is left of them is here.
  bool idle() const { return going_on_ == 0; }

 private:
  struct Call {
    Waker waker;
    // To be written.
    std::unique_ptr<v1::RelayStart> start;
    Piece piece;
    bool ends_body = false;
    bool left = false;         ///< To be cancelled, and forgotten.
    bool broke_rules = false;  ///< We have ended it, and the translator does not know.
    bool queued = false;
    uint64_t sent = 0;
    uint64_t until = 0;  ///< The translator's credit.
    // Come, and not looked at.
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
  /// What is held of it goes.
  void Forget(std::unordered_map<Id, Call>::iterator call);
  size_t FillOne(Id id, Call& call, v1::RelayEdgeBatch& batch);

  Id next_ = 1;
  std::unordered_map<Id, Call> calls_;
  size_t going_on_ = 0;  ///< Not ended.
  std::deque<Id> speaking_;
  std::vector<Id> writing_;  ///< Of which the last batch has the last piece.
};

}  // namespace lowband::edge::fallback
