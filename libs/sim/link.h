// A network that may lose, repeat, delay and so reorder datagrams.
//
// Threading: one thread. Ownership: timeline and random outlive it.
#pragma once

#include <cstddef>
#include <functional>

#include "libs/base/bytes.h"
#include "libs/base/random.h"
#include "libs/base/time.h"
#include "libs/sim/timeline.h"

namespace lowband::sim {

/// The treatment of datagrams; chances are from 0 to 1.
struct Weather {
  double loss = 0;
  double duplication = 0;
  Duration delay_min = std::chrono::milliseconds(10);
  Duration delay_max = std::chrono::milliseconds(10);
};

class Link {
 public:
  Link(Timeline& timeline, Random& random) : timeline_(timeline), random_(random) {}

  /// Carries one datagram: later calls `deliver` with it never, once or twice.
  void Carry(ByteView datagram, std::function<void(const Bytes&)> deliver);

  Weather weather;
  // The datagrams given to it, also lost ones.
  size_t datagrams = 0;
  size_t bytes = 0;
  size_t largest = 0;

 private:
  Timeline& timeline_;
  Random& random_;
};

}  // namespace lowband::sim
