// One transfer on a relay lane, between its edge and its relay: which piece of either body may move
// next, and which messages each side must get. Sans-IO; relay_lane.h moves the data.
//
//   edge ──data──▶ pending ──as the relay wants──▶ relay    credit: as the relay is done with it
//        ◀─data── one piece ◀──as it is taken────── relay   no further than the edge's credit
//
// A violation of the contract by the edge ends the transfer as invalid.
//
// Threading: one thread at a time. Limits: the window for the request's body, one piece of
// contract::kChunkBytesMax for the answer's. Spec: proto/lowband/v1/translator.proto.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libs/base/piece.h"
#include "lowband/v1/translator.pb.h"

namespace lowband::translator::ingress {

class LanedRelay {
 public:
  /// `body_window`: limit of the bytes of the request's body held here or by the relay.
  LanedRelay(const v1::RelayRequest& request, uint64_t answer_window, size_t body_window);

  // From the edge. Each call may end the transfer: see ended().
  void TakeBody(std::string data);
  void TakeBodyEnd();
  void TakeCredit(uint64_t until);

  // From the relay. No effect once the transfer has ended. The relay has used its last piece.
  void WantBody();
  void Proceed();
  void Head(v1::RelayResponse head);
  /// REQUIRES: it is the first, or GiveTaken() was true since the last.
  void Data(std::string data);
  /// If it broke off, the edge still gets the head, since it must know that the homeserver has
  /// answered, but not the rest of the body.
  void End(bool whole);
  /// Not by the relay: another transfer has its place now.
  void Drop();
  /// Not by the relay: the edge violated the contract.
  void Refuse(std::string why);

  // To the relay. A piece of the body, if it is wanted and available.
  std::optional<std::string> GiveBody();
  /// True once: the body has ended, and its length did not announce the end.
  [[nodiscard]] bool GiveBodyEnd();
  /// True once for each Data, when all of it was sent to the edge.
  [[nodiscard]] bool GiveTaken();

  // To the edge.
  bool HasOutput() const;
  /// Moves the frames that may be sent now into `batch`: at most one piece of the body, and no
  /// piece together with the head. Returns their approximate size in bytes.
  size_t Fill(uint64_t id, v1::RelayTranslatorBatch& batch);
  /// The outcome, as soon as it is known; the rest of the answer may still have to be sent.
  std::optional<v1::RelayEnded::Outcome> ended() const { return end_; }
  /// The end was sent.
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
  std::optional<uint64_t> body_left_;  ///< Bytes still to come; none: known at its end.
  Piece pending_;
  uint64_t body_come_ = 0;
  uint64_t body_given_ = 0;
  uint64_t body_done_ = 0;   ///< Bytes that the relay has used, by its requests for more.
  uint64_t body_until_ = 0;  ///< The credit sent to the edge.
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
