// The saving of Lowband in numbers: the bytes of exchanges for their clients, and an estimate of
// the bytes over HTTPS, by route.
//
// Threading: relaxed atomics; any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "services/translator/mapping/route.h"

namespace lowband::translator {

/// Bytes of the exchanges of one route that the homeserver answered.
struct RouteBytes {
  using Count = std::atomic<uint64_t>;
  Count exchanges{0};
  /// Bodies as clients sent and received them over CoAP.
  Count coap_sent{0};
  Count coap_received{0};
  /// HTTP messages as the homeserver received and sent them, compressed.
  Count upstream_sent{0};
  Count upstream_received{0};
  /// Estimate of a client's bytes sent and received over HTTPS, see HttpsBytes.
  Count https_sent{0};
  Count https_received{0};
};
using RoutesBytes = std::array<RouteBytes, mapping::kRouteCount>;

/// Bytes on the wire of one HTTP/1.1 message over TLS 1.3 and TCP on IPv4: 22 for each record of at
/// most 16 KiB, 52 of TCP and IP (with timestamps) for each segment of at most 1,448. Not counted,
/// so that the estimate is a lower bound: connections and their handshakes, segments that only
/// acknowledge, and the greater length of clients' own headers (User-Agent, Origin, Cookie …).
constexpr uint64_t HttpsBytes(uint64_t message_bytes) {
  constexpr uint64_t kRecordBytes = 16'384;
  constexpr uint64_t kRecordOverhead = 22;
  constexpr uint64_t kSegmentBytes = 1'448;
  constexpr uint64_t kSegmentOverhead = 52;
  if (message_bytes == 0) return 0;
  const uint64_t records = (message_bytes + kRecordBytes - 1) / kRecordBytes;
  const uint64_t inside_tcp = message_bytes + records * kRecordOverhead;
  return inside_tcp + (inside_tcp + kSegmentBytes - 1) / kSegmentBytes * kSegmentOverhead;
}
static_assert(HttpsBytes(1) == 1 + 22 + 52);
static_assert(HttpsBytes(1'426) == 1'448 + 52 && HttpsBytes(1'427) == 1'449 + 104);

}  // namespace lowband::translator
