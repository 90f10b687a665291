// The header lines that libcurl hands over, one by one, to the final answer's head.
//
// Threading: one thread. Limits: kResponseHeaderBytesMax, all heads of a transfer together. Spec:
// RFC 9110 §15.2 (1xx are passed over), RFC 9112 §5, §6.3.
#pragma once

#include <cstddef>
#include <string_view>

#include "services/translator/mapping/relay_http.h"

namespace lowband::translator::upstream {

class RelayHeadParser {
 public:
  /// One line with its end. False: the head is over the limit.
  [[nodiscard]] bool Add(std::string_view line);
  /// The empty line behind the final head came; what is added later (trailers) is passed over.
  bool complete() const { return complete_; }
  /// As it came but for Content-Length, which is left out of the fields, and is known only where
  /// it says how the body ends: not beside Transfer-Encoding, nor with two values.
  const mapping::RelayAnswer& answer() const { return answer_; }
  size_t bytes() const { return bytes_; }

 private:
  void TakeStatusLine(std::string_view line);
  void TakeField(std::string_view line);
  void TakeEnd();

  mapping::RelayAnswer answer_;
  size_t bytes_ = 0;
  bool complete_ = false;
};

}  // namespace lowband::translator::upstream
