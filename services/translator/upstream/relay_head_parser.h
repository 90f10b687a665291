// Parses libcurl's header lines, one by one, into the final answer's head.
//
// Threading: one thread. Limits: kResponseHeaderBytesMax, all heads of a transfer together. Spec:
// RFC 9110 §15.2 (1xx are skipped), RFC 9112 §5, §6.3.
#pragma once

#include <cstddef>
#include <string_view>

#include "services/translator/mapping/relay_http.h"

namespace lowband::translator::upstream {

class RelayHeadParser {
 public:
  /// One line with its end. False: the head is over the limit.
  [[nodiscard]] bool Add(std::string_view line);
  /// The empty line after the final head came; later lines (trailers) are skipped.
  bool complete() const { return complete_; }
  /// As received except for Content-Length, which is not among the fields, and is set only if it
  /// determines the end of the body: not beside Transfer-Encoding, nor with two values.
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
