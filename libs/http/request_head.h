// The head of a client's HTTP/1 request, read so strictly that nobody behind us can read it
// otherwise: what two readers might take differently is refused.
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
  /// Origin-form. Of an absolute-form (RFC 9112 §3.2.2) only path and query are here: whatever host
  /// it names, there is one homeserver.
  std::string target;
  bool http10 = false;
  /// All as they came, in order.
  Fields fields;
  BodyForm body = BodyForm::kNone;
  uint64_t content_length = 0;
  /// RFC 9112 §9.3: the client can take another answer on the connection.
  bool keep_alive = true;
  /// RFC 9110 §10.1.1. Never set with HTTP/1.0 or without a body.
  bool expects_continue = false;
  /// Bytes of the head in the input, the empty line included.
  size_t size = 0;
};

/// Reads the head at the front of `bytes`; an empty line before it is passed over (RFC 9112 §2.2).
/// None: it is not whole yet, and nothing wrong so far. Call again with more of the same bytes:
/// what is refused or accepted once stays so, whatever follows. Nothing is copied before the head
/// is whole, but each call reads all of it again.
Result<std::optional<RequestHead>, Refusal> ParseRequestHead(std::string_view bytes);

/// ParseRequestHead() for a head that comes in pieces, however small: reads from the front only if
/// another line has ended, or twice as much is there as at the last time.
class RequestHeadReader {
 public:
  /// As ParseRequestHead(). `bytes` begins with what was given before.
  Result<std::optional<RequestHead>, Refusal> Read(std::string_view bytes);

 private:
  size_t seen_ = 0;  ///< Bytes in which line ends have been looked for.
  size_t read_ = 0;  ///< Bytes that the last reading met.
};

}  // namespace lowband::http
