// Status codes of HTTP: their reason phrases, and the messages without a body.
//
// Threading: free functions; any thread. Spec: RFC 9110 §15, RFC 9112 §6.3.
#pragma once

#include <cstdint>
#include <string_view>

namespace lowband::http {

/// The registered phrase; "Status" for codes without one.
std::string_view ReasonPhrase(uint16_t status);
/// The answer to `method` with this status ends after its head, with any fields.
bool HasNoBody(std::string_view method, uint16_t status);

}  // namespace lowband::http
