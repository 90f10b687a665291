// The answer to one exchange: made by the mapping, sent by the ingress.
//
// Threading: a value.
#pragma once

#include <cstddef>

#include "libs/base/bytes.h"
#include "libs/transcode/json_mend.h"
#include "lowband/v1/translator.pb.h"

namespace lowband::translator::ingress {

/// An answer with its complete body; the ingress cuts it into chunks.
struct ExchangeAnswer {
  v1::Answer head;  ///< Without body and more.
  Bytes body;
  // For the log and the metrics:
  transcode::Mends mends{};  ///< The replaced values of the homeserver's document.
  size_t uncompressed = 0;   ///< The size of a compressed body before; 0: it is not compressed.
};

}  // namespace lowband::translator::ingress
