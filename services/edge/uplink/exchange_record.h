// How one exchange ended, for the log.
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

/// Which exchanges there is a record of.
enum class Records : uint8_t {
  kNone,
  kFailures,  ///< Those whose client got an answer of class 5, and polls that failed.
  kAll,
};

struct ExchangeRecord {
  RequestId id;
  v1::Method method = v1::METHOD_UNSPECIFIED;
  Pseudonym client = 0;
  Duration took{};
  size_t request_bytes = 0;  ///< Head and body, as gRPC carried them.
  bool resent = false;       ///< It began on a lane that died.
  /// The translator's answer. Neither this nor a failure: the client gave it up.
  std::optional<coap::Code> code;
  size_t answer_bytes = 0;   ///< Of its body.
  bool poll_failed = false;  ///< A poll of an observation, to be tried again.
  std::optional<Failure> failure;
};

}  // namespace lowband::edge::uplink
