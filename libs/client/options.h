// Options of requests and answers as values: made from text and numbers, and found by number.
//
// Threading: any. Spec: RFC 7252 §3.2 (option value formats).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "libs/client/event.h"

namespace lowband::client {

/// An option of format string or opaque.
OutgoingOption TextOption(coap::OptionNumber number, std::string_view text);
/// An option of format uint, in as few bytes as it needs.
OutgoingOption UintOption(coap::OptionNumber number, uint32_t value);

/// The first option of that number, or null.
const Bytes* FindOption(std::span<const OutgoingOption> options, coap::OptionNumber number);
/// The first one as a uint; none if it is absent or longer than four bytes.
std::optional<uint32_t> FindUint(std::span<const OutgoingOption> options,
                                 coap::OptionNumber number);

}  // namespace lowband::client
