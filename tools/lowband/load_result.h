// The results of a load run, summed over its workers.
//
// Threading: each worker fills its own; main merges them at the end.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "libs/client/event.h"
#include "tools/lowband/latency_histogram.h"

namespace lowband::tools {

struct LoadResult {
  uint64_t requests = 0;                     ///< Answered or failed.
  uint64_t failed = 0;                       ///< No answer, or an answer other than 2.xx.
  std::map<std::string, uint64_t> outcomes;  ///< "2.05" or a reason, with its count.
  LatencyHistogram latency;

  uint64_t handshakes = 0;  ///< Completed at any time of the run.
  uint64_t handshakes_failed = 0;
  uint64_t resumed = 0;  ///< Of the completed ones.
  LatencyHistogram handshake_latency;

  client::Traffic traffic;            ///< Of the measured phase.
  client::Traffic handshake_traffic;  ///< Of all phases before it.

  void Merge(const LoadResult& other);
};

void Add(client::Traffic& sum, const client::Traffic& more);
client::Traffic Difference(const client::Traffic& after, const client::Traffic& before);

}  // namespace lowband::tools
