// The limits of the datagram stage.
#pragma once

#include <cstddef>

#include "libs/coap/limits.h"

namespace lowband::edge::datagram {

/// Datagrams a system call. The gain flattens out well before.
inline constexpr size_t kBatchMax = 32;
/// A CoAP message of the largest size, and the record around it.
inline constexpr size_t kDatagramBytesMax = 8192 + 128;
/// Asked of the kernel, both ways: a burst of some thousand datagrams. It may grant less.
inline constexpr int kSocketBufferBytes = 8 << 20;

static_assert(kDatagramBytesMax > coap::kMessageBytesMax);

}  // namespace lowband::edge::datagram
