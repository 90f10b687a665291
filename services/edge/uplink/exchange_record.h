// The result of one exchange, for the log.
//
// Ownership: values. Threading: any one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "libs/base/pseudonym.h"
#include "libs/base/request_id.h"
#include "libs/base/time.h"
#include "libs/coap/code.h"
#include "lowband/v1/translator.pb.h"
#include "services/edge/uplink/failure.h"

namespace lowband::edge::uplink {

/// The exchanges that get a record.
enum class Records : uint8_t {
  kNone,
  kFailures,  ///< Exchanges with an answer of class 5, and failed polls.
  kAll,
};

struct ExchangeRecord {
  RequestId id;
  v1::Method method = v1::METHOD_UNSPECIFIED;
  Pseudonym client = 0;
  Duration took{};
  size_t request_bytes = 0;  ///< Head and body, as gRPC carried them.
  bool resent = false;       ///< It began on a lane that died.
  /// The translator's answer. Neither this nor a failure: cancelled.
  std::optional<coap::Code> code;
  size_t answer_bytes = 0;   ///< Of its body.
  bool poll_failed = false;  ///< A poll of an observation, to be repeated.
  std::optional<Failure> failure;
};

}  // namespace lowband::edge::uplink
