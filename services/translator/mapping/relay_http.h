// One relayed HTTP transfer with the homeserver, as values: heads only, since bodies stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libs/base/holdings.h"
#include "libs/http/field.h"

namespace lowband::translator::mapping {

/// The head to send, byte for byte. Field names are tokens, values hold no control characters but
/// tabs; Host, Content-Length, Transfer-Encoding and Expect are not among them.
struct RelayHead {
  std::string method;
  std::string target;  ///< Path and query; begins with '/'.
  http::Fields fields;
  bool has_body = false;                   ///< Never with HEAD.
  std::optional<uint64_t> content_length;  ///< Length of the body; none: known at its end.
  bool expects_continue = false;           ///< Only with a body that is not empty.
  Owner owner = 0;                         ///< For fair shares of the places.
  bool long_poll = false;                  ///< As HttpRequest::long_poll.
};

/// The final answer's head. Content-Length and fields of the connection are not among the fields.
struct RelayAnswer {
  uint16_t status = 0;  ///< 200 to 999
  http::Fields fields;
  std::optional<uint64_t> content_length;
};

}  // namespace lowband::translator::mapping
