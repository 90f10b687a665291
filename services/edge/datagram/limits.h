// The limits of the datagram stage.
#pragma once

#include <cstddef>

#include "libs/coap/limits.h"

namespace lowband::edge::datagram {

/// Datagrams per system call. Larger batches gain almost nothing.
inline constexpr size_t kBatchMax = 32;
/// The largest CoAP message and the record around it.
inline constexpr size_t kDatagramBytesMax = 8192 + 128;
/// Requested from the kernel, in each direction: a burst of some thousand datagrams. It may grant
/// less.
inline constexpr int kSocketBufferBytes = 8 << 20;

static_assert(kDatagramBytesMax > coap::kMessageBytesMax);

}  // namespace lowband::edge::datagram
