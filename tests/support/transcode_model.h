// The rules of the transcoder once more, in the plainest form: recursive, over a tree. Tests and
// fuzzers compare the two.
//
// Limits: depth is that of the transcoder; items are not counted.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "libs/base/bytes.h"
#include "libs/transcode/transcode.h"

namespace lowband::transcode {

/// What `cbor` means as JSON, or nothing if it must be refused.
std::optional<nlohmann::json> ModelOfCbor(ByteView cbor);

/// The canonical CBOR of a tree.
Bytes CanonicalCbor(const nlohmann::json& value, KeyTable keys);

/// The tree of a JSON text, or nothing if it must be refused, or if BeyondNlohmann().
std::optional<nlohmann::json> ModelOfJson(std::string_view json);

/// True if nlohmann/json refuses the text for what the transcoder makes the best of: a lone
/// surrogate, a number no double reaches.
bool BeyondNlohmann(std::string_view json);

}  // namespace lowband::transcode
