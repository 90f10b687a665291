// The rules of edge and translator as a gateway for HTTP: the fields of requests that they do not
// pass on, and the fields of their own answers.
//
// Threading: free functions; any thread. Spec: RFC 7239 §8.1, Fetch §3.2; the Matrix client-server
// API, "Web Browser Clients".
#pragma once

#include <string_view>

#include "libs/http/field.h"

namespace lowband::http {

/// Fields that are made anew for the homeserver (Host, Content-Length, Transfer-Encoding, Expect),
/// that only a proxy may set (Forwarded, X-Forwarded-*, X-Real-IP, X-Request-Id), or that would
/// change the protocol (HTTP2-Settings). Some servers read X_Real_IP as X-Real-IP and would trust a
/// client: such names count too.
bool IsNotPassedOn(std::string_view name);

/// The fields of our own answer with a Matrix error: its type, and the permission for pages of any
/// origin to read it, as for the homeserver's.
Fields OwnErrorFields();

}  // namespace lowband::http
