// Parses the ClientHello before any state exists: it is checked completely and not copied.
//
// Threading: any. Ownership: views into the record. Spec: RFC 6347 §4.2.1 and §4.2.2, RFC 5246
// §7.4.1.2.
#pragma once

#include <cstdint>

#include "libs/base/bytes.h"
#include "libs/base/result.h"

namespace lowband::edge::dtls {

struct ClientHello {
  uint16_t message_sequence = 0;
  uint16_t version = 0;
  ByteView random;      ///< 32 bytes.
  ByteView session_id;  ///< At most 32 bytes.
  ByteView cookie;
  ByteView cipher_suites;
  ByteView compression_methods;
  bool extended_master_secret = false;
  bool knows_tickets = false;
  bool ticket = false;             ///< Offers one (RFC 5077), not checked yet.
  bool ecdsa_with_sha384 = false;  ///< Among the signature algorithms (RFC 5246 §7.4.1.4.1).
};

enum class HelloError : uint8_t {
  kNotClientHello,  ///< Another handshake message.
  kFragmented,      ///< A piece of a message, or more than one message.
  kMalformed,
};

/// Reads the fragment of an epoch-0 handshake record. The views live as long as `fragment`.
Result<ClientHello, HelloError> ParseClientHello(ByteView fragment);

}  // namespace lowband::edge::dtls
