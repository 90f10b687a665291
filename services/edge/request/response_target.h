// The destination and the form of the response to a request.
//
// Threading: values. Spec: RFC 7252 §5.3, RFC 7959 §2.
#pragma once

#include <optional>

#include "libs/coap/block.h"
#include "libs/coap/message.h"
#include "services/edge/dtls/session_id.h"
#include "services/edge/request/body_form.h"
#include "services/edge/request/options.h"

namespace lowband::edge::request {

struct ResponseTarget {
  SessionId session;
  coap::Token token;
  BodyForm form;
  TransferKey key;
  std::optional<coap::Block> block1;  ///< Of the last block of its body.
  std::optional<coap::Block> block2;  ///< Of the request.
  uint8_t no_response = 0;            ///< RequestOptions::no_response.
};

}  // namespace lowband::edge::request
