// Converts between a client's HTTP and a relay: changes the fields of a single connection, the
// client's address and the framing of the body. All else stays unchanged to the byte.
//
// Threading: free functions and values; any thread. Spec: RFC 9110 §7.6, RFC 9112 §6; protocol
// rules "HTTP on TCP and rewriting".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libs/base/request_id.h"
#include "libs/http/request_head.h"
#include "lowband/v1/translator.pb.h"

namespace lowband::edge::fallback {

/// The sender of a request, as reported to the homeserver.
struct Client {
  std::string address;  ///< Without port.
  bool tls = false;
  bool trust_forwarded_for = false;
};

/// The trace-id of the request's traceparent, or a new id if it has no valid one.
RequestId RequestIdOf(const http::RequestHead& head);

/// The request for the translator, without its body.
v1::RelayRequest MakeRelayRequest(const http::RequestHead& head, const Client& client,
                                  const RequestId& id);

/// How the end of an answer's body is marked.
enum class Framing : uint8_t {
  kNone,
  kLength,
  kChunked,
  kUntilClose,  ///< HTTP/1.0 has no chunks.
};

struct AnswerHead {
  std::string bytes;
  uint16_t status = 0;
  Framing framing = Framing::kNone;
  uint64_t content_length = 0;  ///< kLength
};
/// None: the translator's response cannot be written as HTTP.
std::optional<AnswerHead> MakeAnswerHead(const http::RequestHead& request,
                                         const v1::RelayResponse& response, bool keep_alive);

/// A complete answer of our own with a Matrix error. Pages of any origin may read it, as they may
/// the homeserver's. The connection is closed after it.
std::string MakeErrorAnswer(uint16_t status, std::string_view errcode, std::string_view error,
                            bool without_body);

}  // namespace lowband::edge::fallback
