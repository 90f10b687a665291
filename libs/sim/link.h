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

/// How datagrams are treated; chances are of 0 to 1.
struct Weather {
  double loss = 0;
  double duplication = 0;
  Duration delay_min = std::chrono::milliseconds(10);
  Duration delay_max = std::chrono::milliseconds(10);
};

class Link {
 public:
  Link(Timeline& timeline, Random& random) : timeline_(timeline), random_(random) {}

  /// Carries one datagram: `deliver` is called with it never, once or twice, later.
  void Carry(ByteView datagram, std::function<void(const Bytes&)> deliver);

  Weather weather;
  // What was given to it, whether lost or not.
  size_t datagrams = 0;
  size_t bytes = 0;
  size_t largest = 0;

 private:
  Timeline& timeline_;
  Random& random_;
};

}  // namespace lowband::sim
