// An answer that the edge makes itself, before it becomes a CoAP message.
//
// Threading: values. Spec: RFC 7252 §5.9.2, RFC 7959 §2.9, RFC 8516; docs/protocol.md "Methods and
// codes".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libs/base/bytes.h"
#include "libs/coap/code.h"
#include "libs/coap/status.h"
#include "services/edge/request/body_form.h"
#include "services/edge/request/counters.h"
#include "services/edge/request/response.h"

namespace lowband::edge::request {

struct Refusal {
  RefusalReason reason;
  /// A code of CoAP itself; none: `http_status` decides, by the codes that the client knows.
  std::optional<coap::Code> code;
  uint16_t http_status = 0;
  std::string_view errcode;
  /// For people; of the client's input it contains only numbers.
  std::string error;
  bool come_later = false;             ///< With the time: kRetryAfter.
  std::optional<uint32_t> size1 = {};  ///< The largest body that is accepted.
};

/// RFC 7252 §5.4.1: an option that must not be ignored, and why it is refused ("is unknown").
Refusal BadOption(uint16_t number, std::string_view why);
/// Size1 is the limit (RFC 7959 §2.9.3).
Refusal TooLarge(size_t bytes_max);
/// For a session with too many requests at once (RFC 8516).
Refusal SessionLimit(std::string_view of_what);
/// For a worker without room, or one that stops.
Refusal Unavailable(RefusalReason reason, std::string_view why);

/// The whole response, except its token.
struct RefusalResponse {
  ResponseHead head;
  ResponseBlocks blocks;
  Bytes body;
};
RefusalResponse WriteRefusal(const Refusal& refusal, BodyForm form, coap::CodeSet codes);

}  // namespace lowband::edge::request
