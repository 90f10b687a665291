// The translator's metrics: its stages' counters under their Prometheus names.
//
// Threading: any. Limits: label values come from enums only.
#pragma once

#include <cstddef>

#include "libs/base/metrics.h"
#include "services/translator/exchange_handler.h"
#include "services/translator/ingress/counters.h"
#include "services/translator/relay_handler.h"
#include "services/translator/upstream/counters.h"
#include "services/translator/upstream/relay_counters.h"

namespace lowband::translator {

/// Borrowed for the call.
struct Figures {
  const ingress::Counters& ingress;
  const HandlerCounters& handler;
  const upstream::UpstreamCounters& upstream;
  const upstream::RelayCounters& relay_upstream;
  const RelayHandlerCounters& relay_handler;
  size_t lanes = 0;
  size_t relay_lanes = 0;
  size_t exchanges = 0;
  size_t relays = 0;
  size_t answers_held = 0;
  size_t answers_held_bytes = 0;
  bool draining = false;
  uint64_t log_lines_dropped = 0;
};

/// Sets every metric of the translator. Names with help texts; see docs/operating.md.
void SetTranslatorMetrics(MetricSet& metrics, const Figures& figures);

}  // namespace lowband::translator
