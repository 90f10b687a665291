// The deflate coding of a whole body, in the zlib format: what HTTP and the CoAP Content-Formats
// 11050 and 11060 mean by the name.
//
// Threading: pure functions; any thread. What they work with is kept for the next call of the same
// thread: 0.5 MB. Limits: the caller's. Spec: RFC 1950, RFC 1951, RFC 9110 §8.4.1.2.
#pragma once

#include <cstddef>
#include <optional>

#include "libs/base/bytes.h"

namespace lowband::transcode {

/// None if it would be no shorter than `plain`.
std::optional<Bytes> Deflate(ByteView plain);

/// None if it is no whole zlib stream, has something behind its end, or would become longer than
/// `bytes_max`; little more than what it becomes is ever allocated.
std::optional<Bytes> Inflate(ByteView packed, size_t bytes_max);

}  // namespace lowband::transcode
