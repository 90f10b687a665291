// The uplink's own answers to exchanges: reasons and texts.
//
// Threading: constants.
#pragma once

#include <cstdint>
#include <string_view>

#include "services/edge/uplink/counters.h"

namespace lowband::edge::uplink {

enum class Failure : uint8_t {
  kDeadline,      ///< No answer in time.
  kLaneLost,      ///< Begun; it may have been carried out.
  kNoTranslator,  ///< No translator could be reached; not carried out.
  kOverload,      ///< Over a limit of the uplink; not carried out.
  kRequestSize,   ///< Path, queries and token are too large for a frame.
  kAnswerSize,    ///< The answer is over a limit of the uplink.
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
