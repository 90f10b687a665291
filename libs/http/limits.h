// The named maxima of HTTP messages.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lowband::http {

/// Request line and field lines, line ends included. Synapse and common proxies accept 16 to 64
/// KiB.
inline constexpr size_t kHeadBytesMax = 32 * 1024;
inline constexpr size_t kTargetBytesMax = 16 * 1024;
inline constexpr size_t kFieldsMax = 128;
/// Elements of Connection, each of which is compared with all fields.
inline constexpr size_t kConnectionOptionsMax = 64;
/// Far above any body, and the sum of two does not overflow.
inline constexpr uint64_t kChunkBytesMax = uint64_t{1} << 62;
/// A chunk's size line with its extensions, which are skipped.
inline constexpr size_t kChunkLineBytesMax = 256;
/// All field lines after a chunked body, which are skipped as well.
inline constexpr size_t kTrailerBytesMax = 8 * 1024;

static_assert(kTargetBytesMax < kHeadBytesMax);

}  // namespace lowband::http
