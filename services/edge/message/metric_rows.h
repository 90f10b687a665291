// The metrics of the stage's counters; docs/metrics.md explains them.
//
// Threading: constants.
#pragma once

#include <array>

#include "libs/base/counter_rows.h"
#include "services/edge/message/counters.h"

namespace lowband::edge::message {

inline constexpr auto kMetricRows = std::to_array<CounterRow<Counters, uint64_t>>({
    {&Counters::messages, "coap_messages_received_total",
     "Records of application data with any content."},
    {&Counters::malformed, "coap_malformed_total", "Records whose data is no CoAP message."},
    {&Counters::pings, "coap_pings_total", "Pings answered."},
    {&Counters::requests_con, "coap_requests_received_total", "CoAP requests without duplicates.",
     "type", "con"},
    {&Counters::requests_non, "coap_requests_received_total", "CoAP requests without duplicates.",
     "type", "non"},
    {&Counters::requests_in_ack, "coap_requests_received_total",
     "CoAP requests without duplicates.", "type", "ack"},
    {&Counters::requests_dropped, "coap_requests_dropped_total",
     "Requests dropped without an answer, of sessions with too many under way."},
    {&Counters::duplicates, "coap_duplicates_total", "Requests that had been received before."},
    {&Counters::duplicates_ignored, "coap_duplicates_ignored_total",
     "Duplicates that needed no answer."},
    {&Counters::duplicates_unanswerable, "coap_duplicates_unanswerable_total",
     "Duplicates of requests whose answer was no longer kept: answered by 5.04."},
    {&Counters::stray_acks, "coap_strays_total",
     "ACKs and responses that match no message of the edge.", "type", "ack"},
    {&Counters::stray_responses, "coap_strays_total",
     "ACKs and responses that match no message of the edge.", "type", "response"},
    {&Counters::answers_piggybacked, "coap_answers_total", "Answers, by the way they were sent.",
     "type", "piggybacked"},
    {&Counters::answers_separate, "coap_answers_total", "Answers, by the way they were sent.",
     "type", "separate"},
    {&Counters::answers_non, "coap_answers_total", "Answers, by the way they were sent.", "type",
     "non"},
    {&Counters::answers_unreliable, "coap_answers_unreliable_total",
     "Answers sent once, as NON, and kept: no room among the confirmable messages."},
    {&Counters::empty_acks, "coap_empty_acks_total", "Acknowledgements without an answer."},
    {&Counters::resets, "coap_resets_total",
     "RST sent, to pings and to records that are not CoAP."},
    {&Counters::notifications, "coap_own_confirmables_total",
     "Confirmable messages that answer no request.", "result", "sent"},
    {&Counters::notifications_refused, "coap_own_confirmables_total",
     "Confirmable messages that answer no request.", "result", "no_room"},
    {&Counters::retransmissions, "coap_retransmissions_total", "Confirmable messages sent again."},
    {&Counters::retried, "coap_answers_sent_anew_total",
     "Answers sent again to a client that was heard again."},
    {&Counters::delivered, "coap_confirmables_total", "The edge's confirmable messages, by result.",
     "result", "delivered"},
    {&Counters::rejected, "coap_confirmables_total", "The edge's confirmable messages, by result.",
     "result", "rejected"},
    {&Counters::undelivered, "coap_confirmables_total",
     "The edge's confirmable messages, by result.", "result", "undelivered"},
    {&Counters::made_room_unproven, "coap_confirmables_made_room_total",
     "Confirmable messages given up early to make room for a network that has fewer.", "standing",
     "unproven"},
    {&Counters::made_room_proven, "coap_confirmables_made_room_total",
     "Confirmable messages given up early to make room for a network that has fewer.", "standing",
     "proven"},
    {&Counters::answers_evicted, "coap_answers_evicted_total",
     "Answers dropped while duplicates were still possible.", "reason", "session"},
    {&Counters::answers_made_room_unproven, "coap_answers_evicted_total",
     "Answers dropped while duplicates were still possible.", "reason", "made_room_unproven"},
    {&Counters::answers_made_room_proven, "coap_answers_evicted_total",
     "Answers dropped while duplicates were still possible.", "reason", "made_room_proven"},
    {&Counters::message_ids_forgotten, "coap_message_ids_forgotten_total",
     "Message IDs that made room for others while duplicates were still possible."},
});
static_assert(AreComplete<Counters, uint64_t>(kMetricRows));

}  // namespace lowband::edge::message
