// The parts of a message in the RFCs' words, for what people read.
//
// Threading: any. Spec: RFC 7252 §3, §5.10, §12.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libs/coap/message.h"

namespace lowband::coap {

/// "CON"
std::string_view Text(Type type);
/// "GET" or "2.05"
std::string Text(Code code);

/// How the value of an option is read (RFC 7252 §3.2, RFC 7959 §2.2).
enum class OptionFormat : uint8_t { kOpaque, kString, kUint, kBlock };

struct OptionDefinition {
  OptionNumber number;
  std::string_view name;  ///< "Uri-Path"
  OptionFormat format;
};

/// Null: of no option that Lowband knows.
const OptionDefinition* FindDefinition(OptionNumber number);

}  // namespace lowband::coap
