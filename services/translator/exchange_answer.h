// The answer to one exchange: made by the mapping, sent by the ingress.
//
// Threading: a value.
#pragma once

#include <cstddef>

#include "libs/base/bytes.h"
#include "libs/transcode/json_mend.h"
#include "lowband/v1/translator.pb.h"

namespace lowband::translator {

/// The body is whole; the ingress cuts it into chunks.
struct ExchangeAnswer {
  v1::Answer head;  ///< Without body and more.
  Bytes body;
  // For the log and the metrics:
  transcode::Mends mends{};  ///< What of the homeserver's document was replaced.
  size_t inflated = 0;       ///< The bytes of a body under deflate before it was; 0: it is not.
};

}  // namespace lowband::translator
