// The limits of CoAP messages, in one place.
#pragma once

#include <cstddef>

namespace lowband::coap {

/// RFC 8974 allows 65,804 bytes; nothing sane needs more than this.
inline constexpr size_t kTokenBytesMax = 32;
/// Options of a message we keep. A path of ten segments and forty query parameters fit. What has
/// more is answered with an error, since a RST would leave deployed clients waiting for ever.
inline constexpr size_t kOptionsMax = 64;
/// Options of a message we send: deployed clients drop the connection at 17.
inline constexpr size_t kOptionsSentMax = 16;
/// RFC 7252 §4.6: what fits an IPv6 MTU of 1,280 bytes with DTLS around it.
inline constexpr size_t kMessageBytesDefault = 1152;
/// Deployed clients cut a datagram off at 8,192 bytes.
inline constexpr size_t kMessageBytesMax = 8192;

/// What a client calls itself (option 2050); browsers need 200.
inline constexpr size_t kUserAgentBytesMax = 256;
/// ETag and If-Match (RFC 7252 §5.10).
inline constexpr size_t kEntityTagBytesMax = 8;
/// A segment of Uri-Path or Location-Path (RFC 7252 §5.10), and how many of a location are sent.
inline constexpr size_t kPathSegmentBytesMax = 255;
inline constexpr size_t kLocationSegmentsMax = 8;

static_assert(kOptionsSentMax <= kOptionsMax);
static_assert(kMessageBytesDefault <= kMessageBytesMax);

}  // namespace lowband::coap
