#include "libs/http/refusal.h"

#include <cstdlib>

namespace lowband::http {

std::string_view Text(Fault fault) {
  switch (fault) {
    case Fault::kRequestLine: return "request_line";
    case Fault::kMethod: return "method";
    case Fault::kTarget: return "target";
    case Fault::kTargetTooLong: return "target_too_long";
    case Fault::kVersion: return "version";
    case Fault::kLineEnd: return "line_end";
    case Fault::kField: return "field";
    case Fault::kHeadTooLarge: return "head_too_large";
    case Fault::kHost: return "host";
    case Fault::kContentLength: return "content_length";
    case Fault::kTransferEncoding: return "transfer_encoding";
    case Fault::kBothLengths: return "both_lengths";
    case Fault::kChunk: return "chunk";
    case Fault::kBodyTooLarge: return "body_too_large";
    case Fault::kUpgrade: return "upgrade";
    case Fault::kExpectation: return "expectation";
    case Fault::kTimeout: return "timeout";
  }
  std::abort();
}

}  // namespace lowband::http
