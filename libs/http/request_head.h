// The head of a client's HTTP/1 request, parsed so strictly that no later server can read it
// differently: ambiguous heads are refused.
//
// Threading: free functions; any thread. Errors: Refusal. Limits: limits.h. Spec: RFC 9112 §2, §3,
// §5, §6, §11.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libs/base/result.h"
#include "libs/http/field.h"
#include "libs/http/refusal.h"

namespace lowband::http {

enum class BodyForm : uint8_t {
  kNone,
  kLength,   ///< RequestHead::content_length bytes; 0 is kLength too.
  kChunked,  ///< RFC 9112 §7.1
};

struct RequestHead {
  std::string method;
  /// Origin-form. From an absolute-form (RFC 9112 §3.2.2) only path and query: its host is ignored,
  /// since there is one homeserver.
  std::string target;
  bool http10 = false;
  /// All fields as received, in order.
  Fields fields;
  BodyForm body = BodyForm::kNone;
  uint64_t content_length = 0;
  /// RFC 9112 §9.3: the client accepts another answer on the connection.
  bool keep_alive = true;
  /// RFC 9110 §10.1.1. Never set with HTTP/1.0 or without a body.
  bool expects_continue = false;
  /// Bytes of the head in the input, the empty line included.
  size_t size = 0;
};

/// Reads the head at the front of `bytes`; an empty line before it is skipped (RFC 9112 §2.2).
/// None: it is incomplete, without a fault so far. Call again with more of the same bytes: a
/// refusal or acceptance does not depend on later bytes. Nothing is copied before the head is
/// complete, but each call reads all of it again.
Result<std::optional<RequestHead>, Refusal> ParseRequestHead(std::string_view bytes);

/// ParseRequestHead() for a head that comes in pieces of any size: reads from the front only if
/// another line has ended, or the size has doubled since the last time.
class RequestHeadReader {
 public:
  /// As ParseRequestHead(). `bytes` begins with the bytes of the last call.
  Result<std::optional<RequestHead>, Refusal> Read(std::string_view bytes);

 private:
  size_t seen_ = 0;  ///< Bytes already searched for line ends.
  size_t read_ = 0;  ///< Size of the input at the last reading.
};

}  // namespace lowband::http
