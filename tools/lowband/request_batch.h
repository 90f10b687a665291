// `lowband request --batch`: many requests over one session, from lines.
//
// Threading: main.
#pragma once

#include <string>
#include <string_view>

#include "libs/base/result.h"
#include "tools/lowband/request.h"

namespace lowband::tools {

/// One line of a batch: "METHOD PATH[?QUERY] [BODY]".
struct BatchLine {
  std::string method;  ///< Upper case.
  std::string target;  ///< Path and query, percent-encoded; begins with "/".
  std::string body;    ///< JSON; empty: none.
};

/// The error says what is wrong with the line.
Result<BatchLine, std::string> ParseBatchLine(std::string_view line);

/// Makes the requests of `options.batch` in their order, each after the answer to the one before,
/// and prints one line of JSON for each. Exit status. Throws UsageError.
int RunBatch(const RequestOptions& options);

}  // namespace lowband::tools
