// The limits of CoAP messages, in one place.
#pragma once

#include <cstddef>

namespace lowband::coap {

/// RFC 8974 allows 65,804 bytes; real clients need less than this.
inline constexpr size_t kTokenBytesMax = 32;
/// Options of a message we keep. A path of ten segments and forty query parameters fit. A message
/// with more gets an error, since after a RST deployed clients would wait without end.
inline constexpr size_t kOptionsMax = 64;
/// Options of a message we send: deployed clients drop the connection at 17.
inline constexpr size_t kOptionsSentMax = 16;
/// RFC 7252 §4.6: fits an IPv6 MTU of 1,280 bytes together with DTLS.
inline constexpr size_t kMessageBytesDefault = 1152;
/// Deployed clients cut a datagram off at 8,192 bytes.
inline constexpr size_t kMessageBytesMax = 8192;

/// The user agent (option 2050); browsers need 200.
inline constexpr size_t kUserAgentBytesMax = 256;
/// ETag and If-Match (RFC 7252 §5.10).
inline constexpr size_t kEntityTagBytesMax = 8;
/// A segment of Uri-Path or Location-Path (RFC 7252 §5.10), and the segments sent of a location.
inline constexpr size_t kPathSegmentBytesMax = 255;
inline constexpr size_t kLocationSegmentsMax = 8;

static_assert(kOptionsSentMax <= kOptionsMax);
static_assert(kMessageBytesDefault <= kMessageBytesMax);

}  // namespace lowband::coap
