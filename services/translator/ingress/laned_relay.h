// One transfer on a relay lane, between its edge and its relay: which piece of either body may go
// on, and what is to be said to whom. Sans-IO; relay_lane.h moves it all.
//
//   edge ──data──▶ pending ──as the relay wants──▶ relay    credit: as the relay is done with it
//        ◀─data── one piece ◀──as it is taken────── relay   no further than the edge's credit
//
// What the edge says wrongly ends it, as invalid.
//
// Threading: one thread at a time. Limits: of the request's body the window, of the answer's one
// piece of contract::kChunkBytesMax. Spec: proto/lowband/v1/translator.proto.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libs/base/piece.h"
#include "lowband/v1/translator.pb.h"

namespace lowband::translator::ingress {

class LanedRelay {
 public:
  /// `body_window`: so much of the request's body may be here or with the relay.
  LanedRelay(const v1::RelayRequest& request, uint64_t answer_window, size_t body_window);

  // From the edge. Each may end it: see ended().
  void TakeBody(std::string data);
  void TakeBodyEnd();
  void TakeCredit(uint64_t until);

  // From the relay. Nothing has an effect once it has ended.
  /// The relay is done with what it got.
  void WantBody();
  void Proceed();
  void Head(v1::RelayResponse head);
  /// REQUIRES: it is the first, or GiveTaken() was true since the last.
  void Data(std::string data);
  /// Broken off: the head is told all the same, since the edge must know that the homeserver has
  /// answered; what is left of the body is not.
  void End(bool whole);
  /// Not by the relay: another has its place now.
  void Drop();
  /// Not by the relay: what the edge said is not what the contract says.
  void Refuse(std::string why);

  // To the relay.
  /// A piece of the body: it is wanted, and there.
  std::optional<std::string> GiveBody();
  /// True once: the body has ended, and its length did not tell.
  [[nodiscard]] bool GiveBodyEnd();
  /// True once for each Data, when the edge has been sent all of it.
  [[nodiscard]] bool GiveTaken();

  // To the edge.
  bool HasOutput() const;
  /// Moves what may be said now into `batch`: one piece of the body at most, and no piece together
  /// with the head. Returns about how many bytes that is.
  size_t Fill(uint64_t id, v1::RelayTranslatorBatch& batch);
  /// How it ended, as soon as that is so; what is left of the answer may still have to be told.
  std::optional<v1::RelayEnded::Outcome> ended() const { return end_; }
  /// The end was told.
  bool over() const { return over_; }

 private:
  bool OwesCredit() const;
  /// Bytes of data_ that may be sent now.
  size_t Sendable() const;
  void End(v1::RelayEnded::Outcome outcome) { end_ = outcome; }
  void ForgetBody();
  void ForgetAnswer();

  // The request's body.
  const size_t body_window_;
  bool body_comes_ = false;
  std::optional<uint64_t> body_left_;  ///< Yet to come; none: known at its end.
  Piece pending_;
  uint64_t body_come_ = 0;
  uint64_t body_given_ = 0;
  uint64_t body_done_ = 0;   ///< Of what was given: the relay has asked for more since.
  uint64_t body_until_ = 0;  ///< As the edge was told.
  bool body_wanted_ = false;
  bool tells_body_end_ = false;

  // The answer.
  bool told_taken_ = false;
  bool tells_proceed_ = false;
  std::optional<v1::RelayResponse> head_;
  Piece data_;
  bool taken_ = false;
  uint64_t sent_ = 0;
  uint64_t until_;  ///< The edge's credit.
  std::optional<v1::RelayEnded::Outcome> end_;
  std::string why_;
  bool over_ = false;
};

}  // namespace lowband::translator::ingress
