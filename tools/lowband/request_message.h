// From curl's words to a CoAP request, and back: methods, headers, bodies.
//
// Threading: any. Spec: MSC3079 (options 256 and 257, path codes), RFC 7252 §5.10, RFC 8075.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/base/result.h"
#include "libs/client/event.h"
#include "libs/transcode/transcode.h"
#include "tools/lowband/url.h"

namespace lowband::tools {

/// What is asked, in the words of the command line.
struct MessageOptions {
  std::string method;                 ///< Upper case; empty: GET, or POST with a body.
  std::vector<std::string> headers;   ///< "Name: value".
  std::string token;                  ///< Access token, option 256.
  std::optional<unsigned> key_table;  ///< Option 257; none: not sent, which means 1.
  bool raw_cbor = false;              ///< The body is CBOR already.
  bool compressed = false;            ///< Bodies go under deflate where that is shorter.
  bool path_codes = true;             ///< Paths of the table shrink to one character.
  bool confirmable = true;
  /// What comes of it is of no interest; none: for typing and receipts.
  std::optional<bool> no_response;
};

struct BuiltRequest {
  client::Request request;
  /// Header names that have no CoAP option; they were left out.
  std::vector<std::string> ignored_headers;
};

/// The error says what is wrong with which part. `body` is empty where there is none. A body goes
/// out as CBOR made of the JSON it is, unless `raw_cbor` or a Content-Type header say that it is
/// to go as it is.
Result<BuiltRequest, std::string> BuildRequest(const MessageOptions& options, const Url& url,
                                               ByteView body);

/// GET, POST, PUT, DELETE, FETCH.
std::optional<coap::Code> MethodFromName(const std::string& name);

/// The answer's body as JSON if it is CBOR, whatever its label says: the Go lb-proxy labels CBOR
/// as JSON. None if it is anything else.
std::optional<std::string> BodyAsJson(const client::Response& response);

/// "application/cbor", or the number in text.
std::string FormatName(uint32_t format);

}  // namespace lowband::tools
