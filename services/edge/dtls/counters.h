// The counters of one worker's DTLS stage since its start.
//
// Threading: the worker's; other threads get copies that the worker makes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lowband::edge::dtls {

/// Why a record, or a whole datagram, was dropped.
enum class DropReason : uint8_t {
  kMalformed,        ///< No DTLS record, or one that does not end inside the datagram.
  kTooManyRecords,   ///< Beyond kRecordsPerDatagramMax.
  kUnknownSession,   ///< No session at that address.
  kUnknownId,        ///< No session with that connection id.
  kNotAccepted,      ///< Forged, replayed, repeated or out of place: the session ignored it.
  kBadHello,         ///< A ClientHello that does not parse.
  kFragmentedHello,  ///< A fragment of a ClientHello that does not continue the earlier ones.
  kStaleHello,       ///< A late copy of a ClientHello whose handshake has succeeded or failed.
  kRepeatedFlight,   ///< A repeated flight of a client, while our answer is still on its way.
  kStopping,         ///< A ClientHello after StopAccepting().
  kCount,
};
constexpr size_t kDropReasons = static_cast<size_t>(DropReason::kCount);
inline constexpr std::array<std::string_view, kDropReasons> kDropReasonNames = {
    "malformed", "too_many_records", "unknown_session", "unknown_connection_id", "not_accepted",
    "bad_hello", "fragmented_hello", "stale_hello",     "repeated_flight",       "stopping",
};

/// How a handshake that passed the cookie exchange ended.
enum class HandshakeResult : uint8_t {
  kCompleted,
  kResumed,  ///< Completed, by a ticket.
  kFailed,   ///< An alert from either side: no common suite, bad Finished and so on.
  kTimedOut,
  kRestarted,               ///< The client began anew at the same address.
  kMadeRoom,                ///< Ended for another one: the oldest of the network with the most.
  kHalfOpenLimit,           ///< Refused: too many, and those that make room have not ended yet.
  kPrefixLimit,             ///< Refused: handshakes_per_prefix_rate.
  kTableFull,               ///< Refused: all sessions are in use.
  kNoExtendedMasterSecret,  ///< Refused: require_extended_master_secret.
  kOutOfMemory,             ///< Refused: no memory for the context.
  kStopped,                 ///< Cut off by CloseAll().
  kCount,
};
constexpr size_t kHandshakeResults = static_cast<size_t>(HandshakeResult::kCount);
inline constexpr std::array<std::string_view, kHandshakeResults> kHandshakeResultNames = {
    "completed",     "resumed",         "failed",       "timed_out",  "restarted",
    "made_room",     "half_open_limit", "prefix_limit", "table_full", "no_extended_master_secret",
    "out_of_memory", "stopped",
};

/// In the order of CloseReason (server.h).
constexpr size_t kCloseReasons = 10;
inline constexpr std::array<std::string_view, kCloseReasons> kCloseReasonNames = {
    "peer_closed", "peer_alert",       "idle",  "unproven",   "replaced",
    "evicted",     "evicted_unproven", "local", "superseded", "protocol_error",
};

struct Counters {
  uint64_t datagrams_received = 0;
  uint64_t records_accepted = 0;  ///< Application data.
  uint64_t records_sent = 0;      ///< Application data.
  uint64_t sends_failed = 0;      ///< Send() on a session that is gone, or with too much data.
  uint64_t verify_requests_sent = 0;
  uint64_t cookies_refused = 0;  ///< Forged or expired; answered by a new HelloVerifyRequest.
  uint64_t handshakes_started = 0;
  uint64_t tickets_refused = 0;      ///< Offered, but the handshake was a full one, or failed.
  uint64_t sessions_proven = 0;      ///< Sessions that became proven.
  uint64_t reliefs_asked = 0;        ///< Requests to other workers to make room for a newcomer.
  uint64_t reliefs_given = 0;        ///< Sessions and handshakes ended for another worker.
  uint64_t connection_ids_used = 0;  ///< Sessions opened that negotiated one.
  uint64_t peer_moves = 0;
  uint64_t paths_proven = 0;         ///< The client answered from its new address.
  uint64_t paths_given_up = 0;       ///< It did not, or came back to the old address.
  uint64_t sends_held = 0;           ///< Records that waited for the proof of an address.
  uint64_t held_dropped = 0;         ///< Records dropped, as too many waited.
  uint64_t peer_moves_deferred = 0;  ///< Moves within kMoveInterval of the last one.
  uint64_t stale_alerts_sent = 0;
  uint64_t stale_alerts_withheld = 0;  ///< By their rate limits.
  std::array<uint64_t, kDropReasons> dropped{};
  std::array<uint64_t, kHandshakeResults> handshakes{};
  std::array<uint64_t, kCloseReasons> closed{};  ///< kLocal counts Close() too.
};

}  // namespace lowband::edge::dtls
