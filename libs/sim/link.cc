#include "libs/sim/link.h"

#include <algorithm>
#include <utility>

namespace lowband::sim {

void Link::Carry(ByteView datagram, std::function<void(const Bytes&)> deliver) {
  ++datagrams;
  bytes += datagram.size();
  largest = std::max(largest, datagram.size());
  const size_t copies = random_.Unit() < weather.duplication ? 2 : 1;
  for (size_t i = 0; i < copies; ++i) {
    if (random_.Unit() < weather.loss) continue;
    const auto spread = static_cast<uint64_t>((weather.delay_max - weather.delay_min).count());
    const Duration delay = weather.delay_min + Duration(random_.Below(spread + 1));
    timeline_.After(delay,
                    [deliver, copy = Bytes(datagram.begin(), datagram.end())] { deliver(copy); });
  }
}

}  // namespace lowband::sim
