// The reasons to refuse a client's HTTP message.
//
// Threading: values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lowband::http {

/// One for each kind of fault; labels of a metric.
enum class Fault : uint8_t {
  kRequestLine,       ///< Method, target and version violate RFC 9112 §3.
  kMethod,            ///< CONNECT or TRACE. 405.
  kTarget,            ///< Neither a path nor an absolute http(s) URL, or with unencoded characters.
  kTargetTooLong,     ///< 414.
  kVersion,           ///< Not HTTP/1.0 or HTTP/1.1. 505.
  kLineEnd,           ///< A bare CR or LF, or a NUL.
  kField,             ///< A line that is no field: no name, a space before the colon, folded.
  kHeadTooLarge,      ///< Bytes, or number of field lines or connection options. 431.
  kHost,              ///< None in HTTP/1.1, more than one, or not a host.
  kContentLength,     ///< Not one number, or more than one.
  kTransferEncoding,  ///< Not only "chunked", or with HTTP/1.0. 501 for a coding that exists.
  kBothLengths,       ///< Content-Length and Transfer-Encoding.
  kChunk,             ///< A malformed chunk, or trailer.
  kBodyTooLarge,      ///< 413.
  kUpgrade,           ///< To a WebSocket. 501.
  kExpectation,       ///< Other than 100-continue. 417.
  kTimeout,           ///< Too slow. 408.
};
inline constexpr size_t kFaultCount = static_cast<size_t>(Fault::kTimeout) + 1;

/// A metrics label: lower case, underscores.
std::string_view Text(Fault fault);

struct Refusal {
  uint16_t status = 400;
  Fault fault = Fault::kRequestLine;
  /// The fault, for the client's developer: one constant phrase, nothing of the request.
  std::string_view text;
};

}  // namespace lowband::http
