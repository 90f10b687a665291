// The body of a Matrix error, {"errcode": …, "error": …}, in the client's form.
//
// Threading: pure functions.
#pragma once

#include <string_view>

#include "libs/base/bytes.h"
#include "libs/transcode/transcode.h"

namespace lowband::transcode {

/// As a CBOR map, keys by `keys`. `error` is for people and contains no secret. Text after the
/// first byte that is not UTF-8 is cut off, so that clients can always decode the body.
Bytes CborErrorBody(std::string_view errcode, std::string_view error, KeyTable keys);
/// As a JSON object.
Bytes JsonErrorBody(std::string_view errcode, std::string_view error);

}  // namespace lowband::transcode
