// The edge's metrics: the sums of the workers' counters, under their Prometheus names.
//
// Threading: any. Limits: label values come from enums only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libs/base/metrics.h"
#include "services/edge/admission/admission.h"
#include "services/edge/fallback/counters.h"
#include "services/edge/worker_stats.h"

namespace lowband::edge {

/// The values of the process, not of a worker.
struct ProcessState {
  admission::Limits admission;
  admission::Ledger::Usage sessions;
  uint64_t workers = 0;
  int64_t certificate_not_after_s = 0;  ///< Seconds since 1970.
  bool last_reload_ok = true;
  bool keylog_enabled = false;
  bool draining = false;
  uint64_t log_lines_dropped = 0;
};

/// Sets every metric of the edge. Names with help texts; see docs/operating.md.
void SetEdgeMetrics(MetricSet& metrics, const std::vector<WorkerStats>& workers,
                    const ProcessState& process);
/// The metrics of limits that clients share, and of making room.
void SetAdmissionMetrics(MetricSet& metrics, const admission::RequestLedgers& ledgers);
void SetAdmissionMetrics(MetricSet& metrics, const admission::MessageLedgers& ledgers);
/// The metrics of the TCP fallback, if there is one.
void SetFallbackMetrics(MetricSet& metrics, const fallback::Counters& counters,
                        const fallback::RelayLaneCounters& lanes);

}  // namespace lowband::edge
