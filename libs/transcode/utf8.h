// Finds the first bytes of a text that are not UTF-8.
//
// Threading: pure functions. Spec: RFC 3629.
#pragma once

#include <cstddef>

#include "libs/base/bytes.h"

namespace lowband::transcode {

/// Offset of the first sequence that is not UTF-8, or the size if there is none. Only for error
/// texts: IsUtf8 is many times faster.
size_t Utf8Prefix(ByteView text);

}  // namespace lowband::transcode
