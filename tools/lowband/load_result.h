// What a load run measured, added up over its workers.
//
// Threading: each worker fills its own; main merges them when they are done.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "libs/client/event.h"
#include "tools/lowband/latency_histogram.h"

namespace lowband::tools {

struct LoadResult {
  uint64_t requests = 0;                     ///< Answered or failed.
  uint64_t failed = 0;                       ///< No answer, or one that is no 2.xx.
  std::map<std::string, uint64_t> outcomes;  ///< "2.05" or a reason, to how often.
  LatencyHistogram latency;

  uint64_t handshakes = 0;  ///< Completed, whenever in the run.
  uint64_t handshakes_failed = 0;
  uint64_t resumed = 0;  ///< Of the completed ones.
  LatencyHistogram handshake_latency;

  client::Traffic traffic;            ///< Of the measured phase.
  client::Traffic handshake_traffic;  ///< Of everything before it.

  void Merge(const LoadResult& other);
};

void Add(client::Traffic& sum, const client::Traffic& more);
client::Traffic Difference(const client::Traffic& after, const client::Traffic& before);

}  // namespace lowband::tools
