// The counters of the uplink of one worker, since its start.
#pragma once

#include <cstdint>

namespace lowband::edge::uplink {

struct Counters {
  uint64_t requests = 0;  ///< Submitted.
  uint64_t answers = 0;   ///< Answers of translators.
  uint64_t cancels = 0;   ///< Exchanges that the request stage gave up.
  uint64_t resent = 0;    ///< Exchanges that went to a second lane.
  uint64_t batches_written = 0;
  uint64_t frames_written = 0;
  uint64_t batches_received = 0;
  uint64_t frames_received = 0;
  /// Frames of ended exchanges: they crossed the cancel.
  uint64_t frames_late = 0;

  uint64_t lanes_opened = 0;
  uint64_t lanes_recycled = 0;  ///< Their life was over.
  uint64_t lanes_drained = 0;   ///< At the translator's request.
  uint64_t lanes_lost = 0;      ///< Died while open or opening.

  // The uplink's own answers, by reason.
  uint64_t failed_deadline = 0;       ///< 504
  uint64_t failed_lane_lost = 0;      ///< 504: written, its lane died, and it may not be repeated.
  uint64_t failed_no_translator = 0;  ///< 503
  uint64_t failed_overload = 0;       ///< 503: a limit on exchanges or requests.
  uint64_t failed_request_size = 0;   ///< 413
  uint64_t failed_answer_size = 0;    ///< 502: a limit on answers.
  uint64_t failed_bad_answer = 0;     ///< 502: the translator broke the contract.
};

}  // namespace lowband::edge::uplink
