// What edge and translator have in common as a gateway for HTTP: the fields of requests that they
// do not pass on, and those of the answers that they make themselves.
//
// Threading: free functions; any thread. Spec: RFC 7239 §8.1, Fetch §3.2; the Matrix client-server
// API, "Web Browser Clients".
#pragma once

#include <string_view>

#include "libs/http/field.h"

namespace lowband::http {

/// Fields that are made anew for the homeserver (Host, Content-Length, Transfer-Encoding, Expect),
/// that only a proxy may tell (Forwarded, X-Forwarded-*, X-Real-IP, X-Request-Id), or that would
/// change the protocol (HTTP2-Settings). Some servers take X_Real_IP for X-Real-IP and would
/// believe a client: such names count too.
bool IsNotPassedOn(std::string_view name);

/// The fields of an answer of our own with a Matrix error: its type, and that pages of any origin
/// may read it, as they may those of the homeserver.
Fields OwnErrorFields();

}  // namespace lowband::http
