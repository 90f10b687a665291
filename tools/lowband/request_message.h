// Maps curl's flags to a CoAP request, and back: methods, headers, bodies.
//
// Threading: any. Spec: MSC3079 (options 256 and 257, path codes), RFC 7252 §5.10, RFC 8075.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/base/result.h"
#include "libs/client/event.h"
#include "libs/transcode/transcode.h"
#include "tools/lowband/compression.h"
#include "tools/lowband/url.h"

namespace lowband::tools {

/// The request in the form of the command line.
struct MessageOptions {
  std::string method;                 ///< Upper case; empty: GET, or POST with a body.
  std::vector<std::string> headers;   ///< "Name: value".
  std::string token;                  ///< Access token, option 256.
  std::optional<unsigned> key_table;  ///< Option 257; none: not sent, which means 1.
  bool raw_cbor = false;              ///< The body is CBOR already.
  Compression compression = Compression::kNone;
  bool path_codes = true;  ///< Paths of the table are replaced by one character.
  bool confirmable = true;
  /// Suppress the answer; none: only for typing and receipts.
  std::optional<bool> no_response;
};

struct BuiltRequest {
  client::Request request;
  /// Header names without a CoAP option; they were dropped.
  std::vector<std::string> ignored_headers;
};

/// The error names the faulty part. `body` is empty if there is none. A JSON body is converted to
/// CBOR, unless `raw_cbor` or a Content-Type header is set: then it is sent unchanged.
Result<BuiltRequest, std::string> BuildRequest(const MessageOptions& options, const Url& url,
                                               ByteView body);

/// GET, POST, PUT, DELETE, FETCH.
std::optional<coap::Code> MethodFromName(const std::string& name);

/// The answer's body as JSON if it is CBOR with any label: the Go lb-proxy labels CBOR as JSON.
/// None if it is not CBOR.
std::optional<std::string> BodyAsJson(const client::Response& response);

/// "application/cbor", or the number in text.
std::string FormatName(uint32_t format);

}  // namespace lowband::tools
