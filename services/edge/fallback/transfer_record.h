// The result of one transfer, for the log.
//
// Ownership: values. Threading: any one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "libs/base/request_id.h"
#include "libs/base/time.h"
#include "services/edge/fallback/counters.h"

namespace lowband::edge::fallback {

struct TransferRecord {
  RequestId id;
  std::string_view method;          ///< Valid for the call.
  std::string_view client_address;  ///< Valid for the call.
  Duration took{};
  uint16_t status = 0;  ///< Of the answer; 0: none.
  uint64_t answer_bytes = 0;
  bool resent = false;  ///< It was given to a second translator.
  TransferEnd end = TransferEnd::kServed;
};

/// Called on the loops' threads, several at once; must not block.
using TransferLog = std::function<void(const TransferRecord&)>;

}  // namespace lowband::edge::fallback
