// The metrics of the stage's counters; docs/metrics.md explains them.
//
// Threading: constants.
#pragma once

#include <array>

#include "libs/base/counter_rows.h"
#include "services/edge/fallback/counters.h"

namespace lowband::edge::fallback {

inline constexpr auto kMetricRows = std::to_array<CounterRow<Counters, Counters::Count>>({
    {&Counters::opened, "http_connections_started_total", "TCP connections opened."},
    {&Counters::retried, "http_retries_total", "Requests over TCP given to a second translator."},
    {&Counters::bytes_received, "http_bytes_total", "Bytes of HTTP messages over TCP, inside TLS.",
     "direction", "received"},
    {&Counters::bytes_sent, "http_bytes_total", "Bytes of HTTP messages over TCP, inside TLS.",
     "direction", "sent"},
});
static_assert(AreComplete<Counters, Counters::Count>(
    kMetricRows, sizeof(Counters::connections) + sizeof(Counters::transfers) +
                     sizeof(Counters::refused) + sizeof(Counters::answers) +
                     sizeof(Counters::open) + sizeof(Counters::active)));

inline constexpr auto kRelayLaneMetricRows =
    std::to_array<CounterRow<RelayLaneCounters, RelayLaneCounters::Count>>({
        {&RelayLaneCounters::opened, "http_relay_lanes_started_total",
         "Streams opened to translators for requests over TCP."},
        {&RelayLaneCounters::lost, "http_relay_lanes_total",
         "Ends of streams to translators that carry requests over TCP.", "event", "lost"},
        {&RelayLaneCounters::distrusted, "http_relay_lanes_total",
         "Ends of streams to translators that carry requests over TCP.", "event", "distrusted"},
        {&RelayLaneCounters::unknown, "http_relay_lanes_total",
         "Ends of streams to translators that carry requests over TCP.", "event", "unknown"},
        {&RelayLaneCounters::calls, "http_relay_calls_total",
         "Requests over TCP sent as a call of their own, to a translator without relay lanes."},
    });
static_assert(AreComplete<RelayLaneCounters, RelayLaneCounters::Count>(kRelayLaneMetricRows));

}  // namespace lowband::edge::fallback
