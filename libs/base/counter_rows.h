// Counters of a stage and their metrics, in one table: a counter without a row does not compile.
//
//   constexpr auto kRows = std::to_array<CounterRow<Counters, uint64_t>>({…});
//   static_assert(AreComplete<Counters, uint64_t>(kRows));
//
// Rows of one series (one name and label value) add up.
//
// Threading: any; atomics are read one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "libs/base/metrics.h"

namespace lowband {

/// `Count` is uint64_t or an atomic of it.
template <class Counters, class Count>
struct CounterRow {
  Count Counters::*counter;
  std::string_view name;  ///< Without the service's prefix; ends in _total.
  std::string_view help;
  std::string_view label = {};  ///< Empty: no label.
  std::string_view value = {};
};

/// True if every counter has one row. `others`: bytes of the members with other metrics: arrays by
/// an enum, gauges, histograms.
template <class Counters, class Count>
constexpr bool AreComplete(std::span<const CounterRow<Counters, Count>> rows, size_t others = 0) {
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (rows[i].counter == rows[j].counter) return false;
    }
  }
  return rows.size() * sizeof(Count) + others == sizeof(Counters);
}

/// `read` returns the present value of a counter, by its member pointer.
template <class Counters, class Count, class Read>
void SetTotals(MetricSet& metrics, std::span<const CounterRow<Counters, Count>> rows, Read read) {
  using Row = CounterRow<Counters, Count>;
  for (const Row& row : rows) {
    uint64_t sum = 0;
    for (const Row& other : rows) {
      if (other.name == row.name && other.value == row.value) sum += read(other.counter);
    }
    MetricLabels labels;
    if (!row.label.empty()) labels.emplace(row.label, row.value);
    metrics.Total(std::string(row.name), std::string(row.help), labels, sum);
  }
}

}  // namespace lowband
