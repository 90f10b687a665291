// `lowband convert`: JSON to CBOR with the integer keys of MSC3079, and back.
//
// Threading: main. Limits: kInputBytesMax. Spec: MSC3079 appendix A, RFC 7049 §3.9.
#pragma once

#include <optional>
#include <string>

#include "libs/base/bytes.h"
#include "libs/base/result.h"
#include "libs/transcode/transcode.h"
#include "tools/lowband/compression.h"

namespace lowband::tools {

enum class Format : uint8_t { kJson, kCbor };

struct ConvertOptions {
  std::string input;         ///< As ReadData reads it.
  std::optional<Format> to;  ///< None: the other format than the input's.
  bool hex = false;          ///< CBOR is written and read as hexadecimal digits.
  bool canonical = true;     ///< Keys sorted; false: in the order of the source.
  bool pretty = false;
  Compression compression = Compression::kNone;  ///< Of the CBOR, written or read.
  transcode::KeyTable keys = transcode::KeyTable::kV1;
  std::string output = "-";  ///< A file, or - for standard output.
};

/// The likely format of `input`: a JSON text begins with a byte below 0x80, and a CBOR map or
/// array, as every Matrix body is, with one above. A single CBOR number or string can look like
/// JSON.
Format GuessFormat(ByteView input);

/// Bytes from hexadecimal digits; white space between them is ignored. The error names the
/// byte offset.
Result<Bytes, std::string> FromHex(std::string_view text);

/// Exit status; errors go to standard error, data errors with their byte offset. Throws UsageError.
int RunConvert(const ConvertOptions& options);

}  // namespace lowband::tools
