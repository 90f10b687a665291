// What the message layer of one worker counted since its start.
//
// Threading: written by the worker; whoever reads from another thread gets a copy made there.
#pragma once

#include <cstdint>

namespace lowband::edge::message {

struct Counters {
  // Received.
  uint64_t messages = 0;   ///< Everything, whatever became of it.
  uint64_t malformed = 0;  ///< No CoAP message, or of a reserved class.
  uint64_t pings = 0;      ///< Empty CON, answered by RST.
  uint64_t requests_con = 0;
  uint64_t requests_non = 0;
  uint64_t requests_in_ack = 0;
  uint64_t requests_dropped = 0;         ///< Beyond kUnansweredPerSessionMax.
  uint64_t duplicates = 0;               ///< Requests seen before, whatever they got.
  uint64_t duplicates_ignored = 0;       ///< Of those: they need no answer, as far as we know.
  uint64_t duplicates_unanswerable = 0;  ///< Of those: their answer was evicted, they got an error.
  uint64_t stray_acks = 0;               ///< ACK or RST of nothing that waits for one.
  uint64_t stray_responses = 0;          ///< A response that a client sent us.

  // Sent.
  uint64_t answers_piggybacked = 0;
  uint64_t answers_separate = 0;  ///< As CON.
  uint64_t answers_non = 0;
  uint64_t answers_unreliable = 0;  ///< Of those: kept, since too many CONs were under way.
  uint64_t empty_acks = 0;
  uint64_t resets = 0;
  uint64_t notifications = 0;          ///< CONs of our own accord.
  uint64_t notifications_refused = 0;  ///< Too many CONs were under way.
  uint64_t retransmissions = 0;
  uint64_t retried = 0;  ///< Answers sent anew to a client that is back.

  // What became of our CONs.
  uint64_t delivered = 0;
  uint64_t rejected = 0;
  uint64_t undelivered = 0;

  // Limits that were met.
  // CONs given up early for one of who has fewer under way: whom the homeserver does not know, and
  // whom it knows.
  uint64_t made_room_unproven = 0;
  uint64_t made_room_proven = 0;
  // Answers dropped before the time of their duplicates was over: by their session's share, and for
  // others of the worker, of a network that had most.
  uint64_t answers_evicted = 0;
  uint64_t answers_made_room_unproven = 0;
  uint64_t answers_made_room_proven = 0;
  uint64_t message_ids_forgotten = 0;  ///< Before their time: kIdRunsMax.
};

}  // namespace lowband::edge::message
