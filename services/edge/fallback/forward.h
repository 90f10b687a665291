// What changes on the way between a client's HTTP and a relay: fields that belong to one
// connection, who the client is, how the body is framed. Everything else stays to the byte.
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

/// Who sent a request, as the homeserver may be told.
struct Client {
  std::string address;  ///< Without port.
  bool tls = false;
  bool trust_forwarded_for = false;
};

/// The trace-id of the request's traceparent, or a new id if it has none that is valid.
RequestId RequestIdOf(const http::RequestHead& head);

/// What the translator gets of a request, but for its body.
v1::RelayRequest MakeRelayRequest(const http::RequestHead& head, const Client& client,
                                  const RequestId& id);

/// How an answer's body is told from what follows it.
enum class Framing : uint8_t {
  kNone,
  kLength,
  kChunked,
  kUntilClose,  ///< HTTP/1.0 knows no chunks.
};

struct AnswerHead {
  std::string bytes;
  uint16_t status = 0;
  Framing framing = Framing::kNone;
  uint64_t content_length = 0;  ///< kLength
};
/// None: the translator sent what cannot be written as HTTP.
std::optional<AnswerHead> MakeAnswerHead(const http::RequestHead& request,
                                         const v1::RelayResponse& response, bool keep_alive);

/// A whole answer of our own with a Matrix error, which pages of any origin may read, as they may
/// those of the homeserver. The connection is closed behind it.
std::string MakeErrorAnswer(uint16_t status, std::string_view errcode, std::string_view error,
                            bool without_body);

}  // namespace lowband::edge::fallback
