// The deflate coding of a whole body, in the zlib format, as in HTTP and the CoAP Content-Formats
// 11050 and 11060.
//
// Threading: pure functions; any thread. Each thread keeps its working memory of 0.5 MB for the
// next call. Limits: the caller's. Spec: RFC 1950, RFC 1951, RFC 9110 §8.4.1.2.
#pragma once

#include <cstddef>
#include <optional>

#include "libs/base/bytes.h"

namespace lowband::transcode {

/// None if it would be no shorter than `plain`.
std::optional<Bytes> Deflate(ByteView plain);

/// None if it is no complete zlib stream, has bytes after its end, or would become longer than
/// `bytes_max`; allocates little more than the result.
std::optional<Bytes> Inflate(ByteView packed, size_t bytes_max);

}  // namespace lowband::transcode
