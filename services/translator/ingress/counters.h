// The counters of the ingress, and the limits shared by all lanes.
//
// Threading: any; atomics without order among each other.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace lowband::translator::ingress {

struct Counters {
  using Count = std::atomic<uint64_t>;
  Count lanes_opened{0};
  Count lanes_refused{0};  ///< While draining, or over kLanesMax.
  Count lanes_broken{0};   ///< Ended, but not by the edge's half-close.
  Count lanes_slept{0};    ///< Of those: open while the process slept.
  Count requests{0};       ///< Complete requests, given to the handler.
  Count answers{0};
  Count answers_unwanted{0};  ///< Came after the cancel or the lane's end.
  Count answers_windowed{0};  ///< Answers by a window, part of `answers`.
  Count held_dropped{0};      ///< Of these: made room for others before their end.
  Count held_refused{0};      ///< No room to hold them: replaced by an error.
  Count cancels{0};           ///< By the edge, or because a lane died.
  Count batches_received{0};
  Count frames_received{0};
  Count batches_written{0};
  Count frames_written{0};
  Count refused_overload{0};
  Count refused_body_size{0};
  Count answers_over_limit{0};  ///< Replaced by an error.
  Count reads_paused{0};        ///< A lane was not read for a while, to slow its edge down.
  Count relay_lanes_opened{0};
  Count relay_lanes_refused{0};  ///< While draining, or over kRelayLanesMax.
  Count relay_lanes_broken{0};   ///< Ended, but not by the edge's half-close.
  Count relays_started{0};
  Count relays_whole{0};
  Count relays_broken{0};     ///< The answer broke off.
  Count relays_made_room{0};  ///< For those of another network.
  Count relays_cancelled{0};  ///< By the edge, or its connection was lost.
  Count relays_invalid{0};    ///< Violated the contract, or had a body of another length.
  Count relays_refused_draining{0};
  Count relays_refused_overload{0};
};

}  // namespace lowband::translator::ingress
