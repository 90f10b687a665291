// How the ingress behaves; the defaults are what ships.
#pragma once

#include <cstddef>

#include "services/translator/ingress/limits.h"

namespace lowband::translator::ingress {

struct Config {
  size_t request_bytes_max = kRequestBytesDefault;
  size_t requests_bytes_max = kRequestsBytesMax;
  size_t exchanges_per_lane_max = kExchangesPerLaneMax;
  size_t exchanges_max = kExchangesMax;
  size_t answers_per_lane_bytes_max = kAnswersPerLaneBytesMax;
  size_t answers_bytes_max = kAnswersBytesMax;
  /// --answer-hold. 0: every answer goes whole.
  size_t answers_held_bytes_max = kAnswersHeldBytesDefault;
  size_t relays_max = kRelaysDefault;
};

}  // namespace lowband::translator::ingress
