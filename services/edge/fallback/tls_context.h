// OpenSSL's context for the TCP side, with the certificate and key of DTLS.
//
// Our build of mbedTLS is for datagrams with small records. Over TCP we use OpenSSL, which is in
// the process for gRPC anyway, and has TLS 1.3 and the groups and tickets that browsers want.
//
// Threading: free function; the result may be used by any thread. Ownership: shared with the
// connections that use it. Errors: one sentence. Spec: RFC 8446, RFC 9325.
#pragma once

#include <memory>
#include <string>

#include "libs/base/result.h"
#include "libs/tls/key_log.h"
#include "services/edge/dtls/identity.h"

struct ssl_ctx_st;

namespace lowband::edge::fallback {

using TlsContext = std::shared_ptr<ssl_ctx_st>;

/// TLS 1.2 and 1.3, HTTP/1.1 by ALPN. `key_log` may be null; it outlives the context.
Result<TlsContext, std::string> MakeTlsContext(const dtls::Identity& identity,
                                               tls::KeyLog* key_log);

}  // namespace lowband::edge::fallback
