// HTTP status to CoAP code, in both code sets of Lowband.
//
// Threading: free functions; any thread. Spec: docs/protocol.md "Methods and codes".
#pragma once

#include <cstdint>
#include <optional>

#include "libs/coap/code.h"

namespace lowband::coap {

/// The codes that a client supports. kDeployed: the ten that the matrix-org/lb clients support.
/// kRfc8075: the full mapping of RFC 8075 §7 with RFC 8132 and RFC 8516.
enum class CodeSet : uint8_t { kDeployed, kRfc8075 };

struct MappedStatus {
  Code code;
  /// The code alone does not determine the HTTP status: option 2048 must.
  bool needs_exact_status;
};

/// Any `http_status` has a mapping; values outside 200 to 599 count as 502.
MappedStatus FromHttpStatus(uint16_t http_status, CodeSet set);

/// The HTTP status a response stands for: `exact` (option 2048) if present, else the code's own.
uint16_t ToHttpStatus(Code code, std::optional<uint32_t> exact);

}  // namespace lowband::coap
