// The lane set's state of one lane, with its queues of frames to write.
//
// Threading: one worker thread. Ownership: of the pool; the replica outlives it.
#pragma once

#include <cstdint>
#include <deque>

#include "libs/base/time.h"
#include "services/edge/request/exchange.h"

namespace lowband::edge::uplink {

struct Replica;  // replicas.h

enum class LaneState : uint8_t {
  kOpening,    ///< Requested; nothing may be written.
  kOpen,       ///< Takes requests.
  kDraining,   ///< Takes no new requests, finishes what it has.
  kFinishing,  ///< Half-closed; the stream's end is awaited.
};

struct Lane {
  uint64_t id = 0;
  LaneState state = LaneState::kOpening;
  /// Its life is over; it serves until a successor is open. Only in kOpen.
  bool expired = false;
  /// It looks for other replicas; takes exchanges only if there is no other lane. Only in kOpen.
  bool probe = false;
  /// No write is under way.
  bool writable = false;
  /// The transport was asked to report at once when it is writable.
  bool awaited = false;
  TimePoint opened_at;
  /// Its replica; null in kOpening.
  Replica* replica = nullptr;
  /// kOpening: gives up. kOpen: expires. kFinishing: cut off.
  TimePoint timer_at;
  /// When it expires, unless it is a probe.
  TimePoint lives_until;
  /// Exchanges assigned to it, written or not.
  size_t in_flight = 0;
  /// Exchanges assigned since its last frame.
  size_t unanswered = 0;
  /// The pass of its replica when it last got one.
  uint64_t served = 0;
  /// Exchanges with a frame to write, in turn: each gives one and goes to the back. May contain ids
  /// of exchanges that have ended or have another lane.
  std::deque<request::ExchangeId> outbox;
  /// Written first.
  std::deque<request::ExchangeId> cancels;
  /// Exchanges with a credit to write. May contain ids of ended exchanges.
  std::deque<request::ExchangeId> credits;

  bool HasOutput() const { return !outbox.empty() || !cancels.empty() || !credits.empty(); }
  bool MayWrite() const {
    return writable && (state == LaneState::kOpen || state == LaneState::kDraining);
  }
};

}  // namespace lowband::edge::uplink
