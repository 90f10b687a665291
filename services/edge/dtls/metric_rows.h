// The metrics of the stage's counters; docs/metrics.md explains them.
//
// Threading: constants.
#pragma once

#include <array>

#include "libs/base/counter_rows.h"
#include "services/edge/dtls/counters.h"

namespace lowband::edge::dtls {

inline constexpr auto kMetricRows = std::to_array<CounterRow<Counters, uint64_t>>({
    {&Counters::datagrams_received, "dtls_datagrams_received_total",
     "Datagrams that reached DTLS, forwarded ones included."},
    {&Counters::records_accepted, "dtls_records_total", "Records of application data.", "direction",
     "received"},
    {&Counters::records_sent, "dtls_records_total", "Records of application data.", "direction",
     "sent"},
    {&Counters::sends_failed, "dtls_sends_failed_total", "Messages to sessions that had ended."},
    {&Counters::verify_requests_sent, "dtls_hello_verify_requests_total",
     "Cookies sent to clients."},
    {&Counters::cookies_refused, "dtls_cookies_refused_total",
     "Forged or expired cookies of clients."},
    {&Counters::handshakes_started, "dtls_handshakes_started_total",
     "Handshakes that a valid cookie began."},
    {&Counters::tickets_refused, "dtls_tickets_refused_total",
     "Invalid tickets of clients, which led to full handshakes."},
    {&Counters::sessions_proven, "dtls_sessions_proven_total",
     "Sessions whose client became known to the homeserver."},
    {&Counters::reliefs_asked, "dtls_reliefs_total",
     "Requests to another worker to make room for a newcomer.", "event", "asked"},
    {&Counters::reliefs_given, "dtls_reliefs_total",
     "Requests to another worker to make room for a newcomer.", "event", "given"},
    {&Counters::connection_ids_used, "dtls_connection_ids_total",
     "Sessions opened with a Connection ID."},
    {&Counters::peer_moves, "dtls_peer_address_changes_total",
     "Sessions that moved to a new address."},
    {&Counters::peer_moves_deferred, "dtls_peer_address_changes_deferred_total",
     "Changes of address that came too soon after the last one, and waited."},
    {&Counters::paths_proven, "dtls_path_checks_total",
     "Checks whether a client answers from its new address, by result.", "result", "proven"},
    {&Counters::paths_given_up, "dtls_path_checks_total",
     "Checks whether a client answers from its new address, by result.", "result", "given_up"},
    {&Counters::sends_held, "dtls_records_held_total",
     "Records that waited until a new address was proven.", "result", "held"},
    {&Counters::held_dropped, "dtls_records_held_total",
     "Records that waited until a new address was proven.", "result", "dropped"},
    {&Counters::stale_alerts_sent, "dtls_stale_alerts_total",
     "Alerts to clients whose session is unknown.", "result", "sent"},
    {&Counters::stale_alerts_withheld, "dtls_stale_alerts_total",
     "Alerts to clients whose session is unknown.", "result", "withheld"},
});
static_assert(AreComplete<Counters, uint64_t>(kMetricRows, sizeof(Counters::dropped) +
                                                               sizeof(Counters::handshakes) +
                                                               sizeof(Counters::closed)));

}  // namespace lowband::edge::dtls
