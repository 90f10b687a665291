// Why the uplink answers an exchange itself, and what the client is told.
//
// Threading: constants.
#pragma once

#include <cstdint>
#include <string_view>

#include "services/edge/uplink/counters.h"

namespace lowband::edge::uplink {

enum class Failure : uint8_t {
  kDeadline,      ///< No answer in time.
  kLaneLost,      ///< Begun, and nobody knows whether it was done.
  kNoTranslator,  ///< No translator could be reached; nothing was done.
  kOverload,      ///< Over a limit here; nothing was done.
  kRequestSize,   ///< Path, queries and token are too large for a frame.
  kAnswerSize,    ///< The answer is over a limit here.
  kBadAnswer,     ///< The translator broke the contract.
};

struct FailureAnswer {
  std::string_view name;  ///< For logs.
  uint16_t http_status;
  std::string_view errcode;
  std::string_view error;  ///< For people.
  uint64_t Counters::*counter;
};

const FailureAnswer& AnswerFor(Failure failure);

}  // namespace lowband::edge::uplink
