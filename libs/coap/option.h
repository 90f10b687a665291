// Option numbers and content formats that Lowband supports (RFC 7252 §12.2, RFC 7641, RFC 7959,
// RFC 9175, MSC3079).
#pragma once

#include <cstdint>

namespace lowband::coap {

enum class OptionNumber : uint16_t {
  kIfMatch = 1,
  kUriHost = 3,
  kETag = 4,
  kIfNoneMatch = 5,
  kObserve = 6,
  kUriPort = 7,
  kLocationPath = 8,
  kUriPath = 11,
  kContentFormat = 12,
  kMaxAge = 14,
  kUriQuery = 15,
  kAccept = 17,
  kQBlock1 = 19,
  kLocationQuery = 20,
  kBlock2 = 23,
  kBlock1 = 27,
  kSize2 = 28,
  kQBlock2 = 31,
  kProxyUri = 35,
  kProxyScheme = 39,
  kSize1 = 60,
  kEcho = 252,
  kNoResponse = 258,
  kRequestTag = 292,
  kMatrixAccessToken = 256,      ///< MSC3079: sticky access token.
  kMatrixKeyTableVersion = 257,  ///< MSC3079: sticky version of the CBOR key table.
  kHttpStatus = 2048,            ///< Exact HTTP status, elective, vendor range.
  kUserAgent = 2050,             ///< The client's name, sticky, elective, unsafe to forward.
};

/// RFC 7252 §5.4.1: odd numbers are critical.
constexpr bool IsCritical(uint16_t number) { return (number & 1) != 0; }

/// Content-Format and Accept values (RFC 7252 §12.3).
inline constexpr uint16_t kFormatText = 0;
inline constexpr uint16_t kFormatOctets = 42;
inline constexpr uint16_t kFormatJson = 50;
inline constexpr uint16_t kFormatCbor = 60;
/// JSON and CBOR compressed by deflate (zlib format).
inline constexpr uint16_t kFormatJsonDeflate = 11050;
inline constexpr uint16_t kFormatCborDeflate = 11060;
/// Lowband's packed format (libs/transcode/packed.h), among the experimental numbers.
inline constexpr uint16_t kFormatPacked = 65079;

}  // namespace lowband::coap
