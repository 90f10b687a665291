// The two records that we write without a session, in epoch 0: HelloVerifyRequest and an alert.
// Both are smaller than any record that triggers them, so that they cannot be used to amplify.
//
// Threading: any. Spec: RFC 6347 §4.2.1, RFC 5246 §7.2.
#pragma once

#include <array>
#include <cstdint>

#include "libs/tls/record.h"
#include "services/edge/dtls/client_hello.h"
#include "services/edge/dtls/cookie.h"

namespace lowband::edge::dtls {

/// tls::Record header, handshake header, version, and the cookie with its length.
inline constexpr size_t kVerifyRequestBytes = tls::kRecordHeaderBytes + 12 + 2 + 1 + kCookieBytes;
/// Answers `hello`, which came in `record`.
std::array<uint8_t, kVerifyRequestBytes> WriteVerifyRequest(const tls::Record& record,
                                                            const ClientHello& hello,
                                                            const Cookie& cookie);

/// RFC 5246 §7.2: the two alerts that are sent in the clear.
enum class AlertDescription : uint8_t { kHandshakeFailure = 40, kInternalError = 80 };

inline constexpr size_t kAlertBytes = tls::kRecordHeaderBytes + 2;
/// A fatal alert with the given record sequence number.
std::array<uint8_t, kAlertBytes> WriteAlert(AlertDescription description, uint64_t sequence);

}  // namespace lowband::edge::dtls
