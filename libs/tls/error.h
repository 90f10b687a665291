// mbedTLS's error codes as text for people.
#pragma once

#include <string>

namespace lowband::tls {

/// mbedTLS's text for `code` (a negative return value) and the code in hexadecimal, such as
/// "X509 - The CRT/CRL/CSR format is invalid (-0x2180)". Thread: any.
std::string ErrorText(int code);

}  // namespace lowband::tls
