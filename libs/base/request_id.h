// Identifies one exchange in the logs of edge, translator and homeserver. It is also a trace-id of
// W3C Trace Context, so that a request with a trace-id keeps it.
//
// Threading: values and free functions; any thread. Spec: W3C Trace Context §3.2.2.3.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "libs/base/bytes.h"
#include "libs/base/random.h"

namespace lowband {

/// 16 bytes, not all zero; a default one is all zero and identifies no exchange.
struct RequestId {
  static constexpr size_t kSize = 16;
  std::array<uint8_t, kSize> bytes{};

  bool empty() const { return bytes == decltype(bytes){}; }
  /// 32 lower-case hexadecimal digits, the form in logs, X-Request-Id and traceparent.
  std::string Text() const { return ToHex(bytes); }
  friend bool operator==(const RequestId&, const RequestId&) = default;
};

RequestId MakeRequestId(Random& random);

/// From the bytes of a message; none unless they are 16 and not all zero.
std::optional<RequestId> ReadRequestId(ByteView bytes);

}  // namespace lowband
