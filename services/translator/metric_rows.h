// The counters of the translator's stages, each with its metric; docs/metrics.md explains them.
//
// Threading: constants.
#pragma once

#include <array>
#include <atomic>

#include "libs/base/counter_rows.h"
#include "services/translator/exchange_handler.h"
#include "services/translator/ingress/counters.h"
#include "services/translator/relay_handler.h"
#include "services/translator/upstream/counters.h"
#include "services/translator/upstream/relay_counters.h"

namespace lowband::translator {

using AtomicCount = std::atomic<uint64_t>;
template <class Counters>
using AtomicRow = CounterRow<Counters, AtomicCount>;

inline constexpr auto kIngressRows = std::to_array<AtomicRow<ingress::Counters>>({
    {&ingress::Counters::requests, "requests_total", "Complete requests from edges."},
    {&ingress::Counters::refused_overload, "requests_refused_total",
     "Requests refused before they were parsed.", "reason", "overload"},
    {&ingress::Counters::refused_body_size, "requests_refused_total",
     "Requests refused before they were parsed.", "reason", "body_size"},
    {&ingress::Counters::answers, "answers_given_total", "Answers passed to lanes."},
    {&ingress::Counters::answers_unwanted, "answers_unwanted_total",
     "Answers that came after the cancel or the lane's end."},
    {&ingress::Counters::answers_over_limit, "answers_over_limit_total",
     "Answers replaced by an error because there was no room."},
    {&ingress::Counters::answers_windowed, "answers_held_started_total", "Answers by a window."},
    {&ingress::Counters::held_dropped, "answers_held_total",
     "Answers by a window that made room, and those that found no room.", "event", "dropped"},
    {&ingress::Counters::held_refused, "answers_held_total",
     "Answers by a window that made room, and those that found no room.", "event", "refused"},
    {&ingress::Counters::cancels, "cancels_total", "Requests that an edge cancelled."},
    {&ingress::Counters::lanes_opened, "lanes_started_total", "Lanes opened by edges."},
    {&ingress::Counters::lanes_refused, "lanes_total", "Ends of lanes, and refused ones.", "event",
     "refused"},
    {&ingress::Counters::lanes_broken, "lanes_total", "Ends of lanes, and refused ones.", "event",
     "broken"},
    {&ingress::Counters::lanes_slept, "lanes_total", "Ends of lanes, and refused ones.", "event",
     "slept"},
    {&ingress::Counters::reads_paused, "lane_reads_paused_total",
     "Pauses in reading a lane, which slow its edge down."},
    {&ingress::Counters::batches_received, "batches_total", "gRPC messages on lanes.", "direction",
     "received"},
    {&ingress::Counters::batches_written, "batches_total", "gRPC messages on lanes.", "direction",
     "sent"},
    {&ingress::Counters::frames_received, "frames_total", "Frames in those messages.", "direction",
     "received"},
    {&ingress::Counters::frames_written, "frames_total", "Frames in those messages.", "direction",
     "sent"},
    {&ingress::Counters::relay_lanes_opened, "relay_lanes_started_total",
     "Relay lanes opened by edges."},
    {&ingress::Counters::relay_lanes_refused, "relay_lanes_total",
     "Ends of relay lanes, and refused ones.", "event", "refused"},
    {&ingress::Counters::relay_lanes_broken, "relay_lanes_total",
     "Ends of relay lanes, and refused ones.", "event", "broken"},
    {&ingress::Counters::relays_started, "relay_started_total",
     "Transfers of plain HTTP accepted."},
    {&ingress::Counters::relays_whole, "relay_finished_total",
     "Transfers of plain HTTP by their end; refused ones were never accepted.", "outcome", "whole"},
    {&ingress::Counters::relays_broken, "relay_finished_total",
     "Transfers of plain HTTP by their end; refused ones were never accepted.", "outcome",
     "broken"},
    {&ingress::Counters::relays_made_room, "relay_finished_total",
     "Transfers of plain HTTP by their end; refused ones were never accepted.", "outcome",
     "made_room"},
    {&ingress::Counters::relays_cancelled, "relay_finished_total",
     "Transfers of plain HTTP by their end; refused ones were never accepted.", "outcome",
     "cancelled"},
    {&ingress::Counters::relays_invalid, "relay_finished_total",
     "Transfers of plain HTTP by their end; refused ones were never accepted.", "outcome",
     "invalid"},
    {&ingress::Counters::relays_refused_draining, "relay_finished_total",
     "Transfers of plain HTTP by their end; refused ones were never accepted.", "outcome",
     "refused_draining"},
    {&ingress::Counters::relays_refused_overload, "relay_finished_total",
     "Transfers of plain HTTP by their end; refused ones were never accepted.", "outcome",
     "refused_overload"},
});
static_assert(AreComplete<ingress::Counters, AtomicCount>(kIngressRows));

inline constexpr auto kHandlerRows = std::to_array<AtomicRow<HandlerCounters>>({
    {&HandlerCounters::cancelled, "exchanges_cancelled_total",
     "Requests at the homeserver that were broken off."},
    {&HandlerCounters::answers_mended, "answers_mended_total",
     "Answers in which a value had no CBOR form and was replaced."},
});
static_assert(AreComplete<HandlerCounters, AtomicCount>(
    kHandlerRows, sizeof(HandlerCounters::answers) + sizeof(HandlerCounters::polls) +
                      sizeof(HandlerCounters::values_replaced) +
                      sizeof(HandlerCounters::compressed) + sizeof(HandlerCounters::routes)));

inline constexpr auto kUpstreamRows = std::to_array<AtomicRow<upstream::UpstreamCounters>>({
    {&upstream::UpstreamCounters::submitted, "upstream_requests_total",
     "Requests for the homeserver, waiting and refused ones included."},
    {&upstream::UpstreamCounters::connections_opened, "upstream_connections_total",
     "Connections opened to the homeserver."},
    {&upstream::UpstreamCounters::redirects_followed, "upstream_redirects_followed_total",
     "Redirects that were followed."},
    {&upstream::UpstreamCounters::bytes_sent, "upstream_sent_bytes_total",
     "Bytes of HTTP messages sent, before TLS."},
    {&upstream::UpstreamCounters::bytes_received, "upstream_received_bytes_total",
     "Bytes of HTTP messages received, before decompression."},
    {&upstream::UpstreamCounters::breaker_opened, "upstream_breaker_opened_total",
     "Times that the breaker opened because the homeserver was unreachable."},
    {&upstream::UpstreamCounters::polls_made_room, "upstream_polls_made_room_total",
     "Long-polls ended to make room for another."},
    {&upstream::UpstreamCounters::polls_refused, "upstream_refused_total",
     "Requests that found neither a place at the homeserver nor one in the queue.", "kind", "poll"},
    {&upstream::UpstreamCounters::shorts_refused, "upstream_refused_total",
     "Requests that found neither a place at the homeserver nor one in the queue.", "kind",
     "short"},
});
static_assert(AreComplete<upstream::UpstreamCounters, AtomicCount>(
    kUpstreamRows, sizeof(upstream::UpstreamCounters::answers) +
                       sizeof(upstream::UpstreamCounters::faults) +
                       sizeof(upstream::UpstreamCounters::active) +
                       sizeof(upstream::UpstreamCounters::polls_active) +
                       sizeof(upstream::UpstreamCounters::pending) +
                       sizeof(upstream::UpstreamCounters::held_body_bytes) +
                       sizeof(upstream::UpstreamCounters::duration)));

inline constexpr auto kRelayUpstreamRows = std::to_array<AtomicRow<upstream::RelayCounters>>({
    {&upstream::RelayCounters::started, "relay_upstream_started_total",
     "Transfers of plain HTTP begun with the homeserver."},
    {&upstream::RelayCounters::connections_opened, "relay_connections_total",
     "Connections opened to the homeserver for plain HTTP."},
    {&upstream::RelayCounters::breaker_opened, "relay_breaker_opened_total",
     "Times that the breaker opened because the homeserver was unreachable."},
    {&upstream::RelayCounters::polls_made_room, "relay_polls_made_room_total",
     "Long-polls over plain HTTP ended to make room for another."},
    {&upstream::RelayCounters::polls_refused, "relay_refused_total",
     "Transfers of plain HTTP that found no place at the homeserver.", "kind", "poll"},
    {&upstream::RelayCounters::shorts_refused, "relay_refused_total",
     "Transfers of plain HTTP that found no place at the homeserver.", "kind", "short"},
    {&upstream::RelayCounters::body_bytes_sent, "relay_body_bytes_total",
     "Bytes of relayed bodies, without framing; sent: to the homeserver.", "direction", "sent"},
    {&upstream::RelayCounters::body_bytes_received, "relay_body_bytes_total",
     "Bytes of relayed bodies, without framing; sent: to the homeserver.", "direction", "received"},
});
static_assert(AreComplete<upstream::RelayCounters, AtomicCount>(
    kRelayUpstreamRows,
    sizeof(upstream::RelayCounters::answers) + sizeof(upstream::RelayCounters::faults) +
        sizeof(upstream::RelayCounters::active) + sizeof(upstream::RelayCounters::head_duration)));

inline constexpr auto kRelayHandlerRows = std::to_array<AtomicRow<RelayHandlerCounters>>({
    {&RelayHandlerCounters::documents_rewritten, "relay_documents_total",
     "Documents that may contain the homeserver's address, by action.", "action", "rewritten"},
    {&RelayHandlerCounters::documents_passed, "relay_documents_total",
     "Documents that may contain the homeserver's address, by action.", "action", "passed"},
    {&RelayHandlerCounters::errors, "relay_own_errors_total",
     "Error answers made by the translator itself."},
    {&RelayHandlerCounters::paths_refused, "relay_paths_refused_total",
     "Transfers of plain HTTP to paths that are not passed on."},
});
static_assert(AreComplete<RelayHandlerCounters, AtomicCount>(kRelayHandlerRows));

}  // namespace lowband::translator
