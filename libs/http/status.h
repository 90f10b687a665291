// Status codes of HTTP: their reason phrases, and which messages have no body.
//
// Threading: free functions; any thread. Spec: RFC 9110 §15, RFC 9112 §6.3.
#pragma once

#include <cstdint>
#include <string_view>

namespace lowband::http {

/// The registered phrase; "Status" for codes without one.
std::string_view ReasonPhrase(uint16_t status);
/// The answer to `method` with this status ends behind its head, whatever its fields say.
bool HasNoBody(std::string_view method, uint16_t status);

}  // namespace lowband::http
