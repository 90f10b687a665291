// The Prometheus metrics of a service, set before each scrape from the counters of its parts. No
// code here is on a hot path.
//
// Threading: any; a lock of its own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/duration_histogram.h"

namespace lowband {

using MetricLabels = std::map<std::string, std::string>;

class MetricSet {
 public:
  /// `prefix` is put before every name: "lowband_edge_".
  explicit MetricSet(std::string prefix);
  ~MetricSet();

  /// A counter's present total; `name` ends in _total.
  void Total(const std::string& name, const std::string& help, const MetricLabels& labels,
             uint64_t value);
  /// A gauge's present value.
  void Level(const std::string& name, const std::string& help, const MetricLabels& labels,
             double value);
  /// A histogram's present buckets: not cumulative, one more than `bounds`, whose unit ends the
  /// name.
  void Distribution(const std::string& name, const std::string& help, const MetricLabels& labels,
                    const std::vector<double>& bounds, const std::vector<uint64_t>& buckets,
                    double sum);
  /// A histogram of durations; `name` ends in _seconds.
  template <class Count>
  void Durations(const std::string& name, const std::string& help, const MetricLabels& labels,
                 const BasicDurationHistogram<Count>& histogram) {
    const auto& bounds = BasicDurationHistogram<Count>::kBoundsSeconds;
    Distribution(name, help, labels, {bounds.begin(), bounds.end()},
                 {histogram.buckets.begin(), histogram.buckets.end()},
                 static_cast<double>(histogram.sum_us) / 1e6);
  }
  /// build_info{version}, and process_* as every Prometheus client has them (without prefix).
  void Process();

  /// The text exposition of all metrics set.
  std::string Text() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband
