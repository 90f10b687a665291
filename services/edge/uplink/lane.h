// One lane as the lane set sees it: its state and what waits to be written on it.
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
  kOpening,    ///< Asked for; nothing may be written.
  kOpen,       ///< Takes requests.
  kDraining,   ///< Takes no new requests, finishes what it has.
  kFinishing,  ///< Half-closed; the stream's end is awaited.
};

struct Lane {
  uint64_t id = 0;
  LaneState state = LaneState::kOpening;
  /// Its life is over; it goes on until a successor is open. Only in kOpen.
  bool expired = false;
  /// It looks for other replicas, and takes exchanges only where there is no other. Only in kOpen.
  bool probe = false;
  /// No write is under way.
  bool writable = false;
  /// The transport was asked to tell at once when it is writable.
  bool awaited = false;
  TimePoint opened_at;
  /// Where it leads; null in kOpening.
  Replica* replica = nullptr;
  /// kOpening: gives up. kOpen: expires. kFinishing: cut off.
  TimePoint timer_at;
  /// When it expires if it is no probe.
  TimePoint lives_until;
  /// Exchanges assigned to it, written or not.
  size_t in_flight = 0;
  /// Exchanges assigned since anything came from it.
  size_t unanswered = 0;
  /// The pass of its replica when it last got one.
  uint64_t served = 0;
  /// Exchanges with a frame to write, in turn: each gives one and goes to the back. May hold ids
  /// of exchanges that are over or elsewhere.
  std::deque<request::ExchangeId> outbox;
  /// Written before anything else.
  std::deque<request::ExchangeId> cancels;
  /// Exchanges whose client has come on. May hold ids of such as are over.
  std::deque<request::ExchangeId> credits;

  bool HasOutput() const { return !outbox.empty() || !cancels.empty() || !credits.empty(); }
  bool MayWrite() const {
    return writable && (state == LaneState::kOpen || state == LaneState::kDraining);
  }
};

}  // namespace lowband::edge::uplink
