// The counters of the TCP fallback. Written by its threads, read by the metrics.
//
// Threading: relaxed atomics; any thread. A reader sees each value, not a snapshot of all.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libs/http/refusal.h"

namespace lowband::edge::fallback {

/// The events of an accepted connection.
enum class ConnectionEvent : uint8_t {
  kOverLimit,  ///< --http-max-connections was reached, and no other connection made room.
  kTlsFailed,  ///< The handshake was not completed.
  kPlainText,  ///< Plain HTTP on a port that speaks TLS.
  kIdle,       ///< No further request came in time.
  // Closed for another while --http-max-connections was reached:
  kEvictedOpening,  ///< Its handshake or the head of its request was not complete.
  kEvictedIdle,     ///< It was between two requests.
  kEvictedBusy,     ///< A transfer was under way.
};
inline constexpr std::array<std::string_view, 7> kConnectionEventNames = {
    "over_limit",      "tls_failed",   "plain_text",  "idle",
    "evicted_opening", "evicted_idle", "evicted_busy"};

/// The end of a transfer that was forwarded.
enum class TransferEnd : uint8_t {
  kServed,
  kClientGone,     ///< The client closed, or its body broke off.
  kClientStalled,  ///< The client moved almost no bytes for --http-stall-timeout.
  kBadBody,        ///< The body was malformed or too large.
  kNoTranslator,   ///< No translator took it: answered with 502 or 503.
  kBroken,         ///< The answer broke off after its head.
  kStopping,       ///< Cut off at the end of the drain.
  kMadeRoom,       ///< Its connection was closed to make room.
};
inline constexpr std::array<std::string_view, 8> kTransferEndNames = {
    "served",        "client_gone", "client_stalled", "bad_body",
    "no_translator", "broken",      "stopping",       "made_room"};

/// For the streams that carry transfers to the translators.
struct RelayLaneCounters {
  using Count = std::atomic<uint64_t>;

  Count opened{0};
  Count lost{0};        ///< Not ended by us.
  Count distrusted{0};  ///< A transfer on it was not taken in time.
  Count unknown{0};     ///< The translator does not support lanes.
  Count calls{0};       ///< Transfers as single calls for this reason.

  static void Add(Count& count) { count.fetch_add(1, std::memory_order_relaxed); }
};

struct Counters {
  using Count = std::atomic<uint64_t>;

  std::array<Count, kConnectionEventNames.size()> connections{};
  std::array<Count, kTransferEndNames.size()> transfers{};
  /// Requests that were not forwarded.
  std::array<Count, http::kFaultCount> refused{};
  /// Answers by the class of their status (2xx, …), including our own.
  std::array<Count, 6> answers{};
  Count opened{0};          ///< Connections that got a place.
  Count retried{0};         ///< Transfers given to a second translator.
  Count bytes_received{0};  ///< Of HTTP messages, inside TLS.
  Count bytes_sent{0};
  Count open{0};    ///< Connections now.
  Count active{0};  ///< Transfers now.

  void Add(ConnectionEvent event) { Add(connections[static_cast<size_t>(event)]); }
  void Add(TransferEnd end) { Add(transfers[static_cast<size_t>(end)]); }
  void Add(http::Fault fault) { Add(refused[static_cast<size_t>(fault)]); }
  static void Add(Count& count, uint64_t by = 1) { count.fetch_add(by, std::memory_order_relaxed); }
  static void Sub(Count& count) { count.fetch_sub(1, std::memory_order_relaxed); }
};

}  // namespace lowband::edge::fallback
