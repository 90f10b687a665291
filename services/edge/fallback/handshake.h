// The TLS handshake of one connection. Within each `patience` the client must send some bytes or
// take some of ours.
//
// Threading: one thread, the connection's. Ownership: borrows the stream. Limits: limits.h.
#pragma once

#include <cstdint>

#include "libs/base/time.h"
#include "services/edge/fallback/byte_stream.h"

namespace lowband::edge::fallback {

class Handshake {
 public:
  /// Lasts at most `life`, or `patience` if that is longer.
  Handshake(TimePoint now, ByteStream& stream, Duration patience, Duration life);

  enum class State : uint8_t { kGoesOn, kDone, kFailed };
  State Step(TimePoint now);
  /// While it goes on: the stream waits to write, not to read.
  bool wants_out() const { return wants_out_; }
  /// The time of the next Step(), even without an event of the socket.
  TimePoint deadline() const { return look_again_; }

 private:
  bool Progressed();

  ByteStream& stream_;
  const Duration patience_;
  const TimePoint end_;
  TimePoint give_up_;
  TimePoint look_again_;
  uint64_t moved_ = 0;
  bool wants_out_ = false;
};

}  // namespace lowband::edge::fallback
