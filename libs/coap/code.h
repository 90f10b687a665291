// CoAP codes as values: class.detail, requests and responses (RFC 7252 §12.1, RFC 7959 §2.9,
// RFC 8132 §6, RFC 8516 §4).
#pragma once

#include <cstdint>
#include <string>

namespace lowband::coap {

/// One code byte. Class in the upper three bits, detail in the lower five.
struct Code {
  uint8_t value = 0;
  static constexpr Code Of(unsigned cls, unsigned detail) {
    return Code{static_cast<uint8_t>(cls << 5 | detail)};
  }
  constexpr unsigned cls() const { return value >> 5; }
  constexpr unsigned detail() const { return value & 31; }
  constexpr bool is_empty() const { return value == 0; }
  constexpr bool is_request() const { return cls() == 0 && value != 0; }
  constexpr bool is_response() const { return cls() >= 2 && cls() <= 5; }
  /// "2.05"
  std::string Text() const;
  friend constexpr bool operator==(Code, Code) = default;
};

inline constexpr Code kEmpty = Code::Of(0, 0);
inline constexpr Code kGet = Code::Of(0, 1);
inline constexpr Code kPost = Code::Of(0, 2);
inline constexpr Code kPut = Code::Of(0, 3);
inline constexpr Code kDelete = Code::Of(0, 4);
inline constexpr Code kFetch = Code::Of(0, 5);
inline constexpr Code kCreated = Code::Of(2, 1);
inline constexpr Code kDeleted = Code::Of(2, 2);
inline constexpr Code kValid = Code::Of(2, 3);
inline constexpr Code kChanged = Code::Of(2, 4);
inline constexpr Code kContent = Code::Of(2, 5);
inline constexpr Code kContinue = Code::Of(2, 31);
inline constexpr Code kBadRequest = Code::Of(4, 0);
inline constexpr Code kUnauthorized = Code::Of(4, 1);
inline constexpr Code kBadOption = Code::Of(4, 2);
inline constexpr Code kForbidden = Code::Of(4, 3);
inline constexpr Code kNotFound = Code::Of(4, 4);
inline constexpr Code kMethodNotAllowed = Code::Of(4, 5);
inline constexpr Code kNotAcceptable = Code::Of(4, 6);
inline constexpr Code kRequestEntityIncomplete = Code::Of(4, 8);
inline constexpr Code kConflict = Code::Of(4, 9);
inline constexpr Code kPreconditionFailed = Code::Of(4, 12);
inline constexpr Code kRequestEntityTooLarge = Code::Of(4, 13);
inline constexpr Code kUnsupportedContentFormat = Code::Of(4, 15);
inline constexpr Code kUnprocessableEntity = Code::Of(4, 22);
inline constexpr Code kTooManyRequests = Code::Of(4, 29);
inline constexpr Code kInternalServerError = Code::Of(5, 0);
inline constexpr Code kNotImplemented = Code::Of(5, 1);
inline constexpr Code kBadGateway = Code::Of(5, 2);
inline constexpr Code kServiceUnavailable = Code::Of(5, 3);
inline constexpr Code kGatewayTimeout = Code::Of(5, 4);
inline constexpr Code kProxyingNotSupported = Code::Of(5, 5);

}  // namespace lowband::coap
