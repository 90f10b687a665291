// The metrics of the stage's counters; docs/metrics.md explains them.
//
// Threading: constants.
#pragma once

#include <array>

#include "libs/base/counter_rows.h"
#include "services/edge/datagram/udp_socket.h"

namespace lowband::edge::datagram {

inline constexpr auto kMetricRows = std::to_array<CounterRow<Counters, uint64_t>>({
    {&Counters::datagrams_received, "udp_datagrams_total", "UDP datagrams.", "direction",
     "received"},
    {&Counters::datagrams_sent, "udp_datagrams_total", "UDP datagrams.", "direction", "sent"},
    {&Counters::bytes_received, "udp_bytes_total", "Bytes of UDP payload.", "direction",
     "received"},
    {&Counters::bytes_sent, "udp_bytes_total", "Bytes of UDP payload.", "direction", "sent"},
    {&Counters::kernel_drops, "udp_datagrams_dropped_total",
     "Datagrams dropped before DTLS, or not sent.", "reason", "kernel"},
    {&Counters::truncated, "udp_datagrams_dropped_total",
     "Datagrams dropped before DTLS, or not sent.", "reason", "truncated"},
    {&Counters::send_errors, "udp_datagrams_dropped_total",
     "Datagrams dropped before DTLS, or not sent.", "reason", "send_error"},
    {&Counters::sources_lost, "udp_sources_lost_total",
     "Datagrams sent from another address than the client had sent to."},
});
static_assert(AreComplete<Counters, uint64_t>(kMetricRows));

}  // namespace lowband::edge::datagram
