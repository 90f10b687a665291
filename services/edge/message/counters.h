// The counters of the message layer of one worker, since its start.
//
// Threading: written by the worker; other threads read copies that the worker makes.
#pragma once

#include <cstdint>

namespace lowband::edge::message {

struct Counters {
  // Received.
  uint64_t messages = 0;   ///< All of them.
  uint64_t malformed = 0;  ///< Not a CoAP message, or of a reserved class.
  uint64_t pings = 0;      ///< Empty CON, answered by RST.
  uint64_t requests_con = 0;
  uint64_t requests_non = 0;
  uint64_t requests_in_ack = 0;
  uint64_t requests_dropped = 0;         ///< Beyond kUnansweredPerSessionMax.
  uint64_t duplicates = 0;               ///< Requests that came before.
  uint64_t duplicates_ignored = 0;       ///< Of those: no answer seems to be needed.
  uint64_t duplicates_unanswerable = 0;  ///< Of those: their answer was evicted; they got an error.
  uint64_t stray_acks = 0;               ///< ACK or RST that matches no CON under way.
  uint64_t stray_responses = 0;          ///< A response from a client.

  // Sent.
  uint64_t answers_piggybacked = 0;
  uint64_t answers_separate = 0;  ///< As CON.
  uint64_t answers_non = 0;
  uint64_t answers_unreliable = 0;  ///< Of those: kept, because too many CONs were under way.
  uint64_t empty_acks = 0;
  uint64_t resets = 0;
  uint64_t notifications = 0;          ///< CONs that answer no request.
  uint64_t notifications_refused = 0;  ///< Too many CONs were under way.
  uint64_t retransmissions = 0;
  uint64_t retried = 0;  ///< Answers sent anew to a client that is heard again.

  // Fates of the edge's CONs.
  uint64_t delivered = 0;
  uint64_t rejected = 0;
  uint64_t undelivered = 0;

  // Limits that were reached.
  // CONs given up early to make room for a network with fewer, by standing.
  uint64_t made_room_unproven = 0;
  uint64_t made_room_proven = 0;
  // Answers dropped while duplicates were still possible: by their session's limit, and to make
  // room for a network with fewer.
  uint64_t answers_evicted = 0;
  uint64_t answers_made_room_unproven = 0;
  uint64_t answers_made_room_proven = 0;
  uint64_t message_ids_forgotten = 0;  ///< Too early: kIdRunsMax.
};

}  // namespace lowband::edge::message
