// The metrics of the stage's counters; docs/metrics.md explains them.
//
// Threading: constants.
#pragma once

#include <array>

#include "libs/base/counter_rows.h"
#include "services/edge/uplink/counters.h"

namespace lowband::edge::uplink {

inline constexpr auto kMetricRows = std::to_array<CounterRow<Counters, uint64_t>>({
    {&Counters::requests, "uplink_requests_total", "Exchanges begun with translators."},
    {&Counters::answers, "uplink_answers_total", "Answers of translators."},
    {&Counters::cancels, "uplink_cancels_total", "Exchanges whose answer was no longer wanted."},
    {&Counters::resent, "uplink_resent_total", "Exchanges that went to a second lane."},
    {&Counters::batches_written, "uplink_batches_total", "gRPC messages on lanes.", "direction",
     "sent"},
    {&Counters::batches_received, "uplink_batches_total", "gRPC messages on lanes.", "direction",
     "received"},
    {&Counters::frames_written, "uplink_frames_total", "Frames in those messages.", "direction",
     "sent"},
    {&Counters::frames_received, "uplink_frames_total", "Frames in those messages.", "direction",
     "received"},
    {&Counters::frames_late, "uplink_frames_late_total", "Frames of exchanges that were over."},
    {&Counters::lanes_opened, "uplink_lanes_started_total", "Lanes opened to translators."},
    {&Counters::lanes_recycled, "uplink_lanes_total", "Ends of lanes.", "event", "recycled"},
    {&Counters::lanes_drained, "uplink_lanes_total", "Ends of lanes.", "event", "drained"},
    {&Counters::lanes_lost, "uplink_lanes_total", "Ends of lanes.", "event", "lost"},
    {&Counters::failed_deadline, "uplink_failures_total",
     "Exchanges that the edge answered with an error.", "reason", "deadline"},
    {&Counters::failed_lane_lost, "uplink_failures_total",
     "Exchanges that the edge answered with an error.", "reason", "lane_lost"},
    {&Counters::failed_no_translator, "uplink_failures_total",
     "Exchanges that the edge answered with an error.", "reason", "no_translator"},
    {&Counters::failed_overload, "uplink_failures_total",
     "Exchanges that the edge answered with an error.", "reason", "overload"},
    {&Counters::failed_request_size, "uplink_failures_total",
     "Exchanges that the edge answered with an error.", "reason", "request_size"},
    {&Counters::failed_answer_size, "uplink_failures_total",
     "Exchanges that the edge answered with an error.", "reason", "answer_size"},
    {&Counters::failed_bad_answer, "uplink_failures_total",
     "Exchanges that the edge answered with an error.", "reason", "bad_answer"},
});
static_assert(AreComplete<Counters, uint64_t>(kMetricRows));

}  // namespace lowband::edge::uplink
