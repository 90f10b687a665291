// The body of a Matrix error, {"errcode": …, "error": …}, in the form a client asked for.
//
// Threading: pure functions.
#pragma once

#include <string_view>

#include "libs/base/bytes.h"
#include "libs/transcode/transcode.h"

namespace lowband::transcode {

/// As a CBOR map, keys by `keys`. `error` is for people and names no secret. What is not UTF-8 in
/// either text is cut off: the body is always one that clients can decode.
Bytes CborErrorBody(std::string_view errcode, std::string_view error, KeyTable keys);
/// As a JSON object.
Bytes JsonErrorBody(std::string_view errcode, std::string_view error);

}  // namespace lowband::transcode
