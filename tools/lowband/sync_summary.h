// The results of a run of `lowband sync` and their cost.
//
// Threading: one thread. Limits: none; keeps sums only.
#pragma once

#include <cstdint>
#include <string>

#include "libs/base/time.h"

namespace lowband::tools {

class SyncSummary {
 public:
  explicit SyncSummary(TimePoint start) : minute_begin_(start) {}

  /// `bytes` of UDP payload, and the `headers` of IP and UDP around them.
  void NoteDatagram(TimePoint now, bool sent, size_t bytes, unsigned headers);
  void NoteBatch(TimePoint now, uint64_t events);
  /// Rooms in which the server omitted events.
  void NoteGaps(size_t rooms) { gaps_ += rooms; }
  void NoteReconnect() { ++reconnects_; }

  /// Lines for people. A minute is idle if it is over and had no batch.
  std::string Text(TimePoint now);

 private:
  void Reach(TimePoint now);

  uint64_t batches_ = 0;
  uint64_t events_ = 0;
  uint64_t gaps_ = 0;
  uint64_t reconnects_ = 0;
  uint64_t datagrams_sent_ = 0;
  uint64_t datagrams_received_ = 0;
  uint64_t bytes_sent_ = 0;
  uint64_t bytes_received_ = 0;
  uint64_t header_bytes_ = 0;
  TimePoint minute_begin_;
  uint64_t minute_bytes_ = 0;
  bool minute_busy_ = false;
  uint64_t idle_minutes_ = 0;
  uint64_t idle_bytes_ = 0;
};

}  // namespace lowband::tools
