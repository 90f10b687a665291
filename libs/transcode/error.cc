#include <string_view>

#include "libs/transcode/transcode.h"

namespace lowband::transcode {
namespace {

std::string_view Text(Cause cause) {
  switch (cause) {
    case Cause::kSyntax: return "syntax error";
    case Cause::kTruncated: return "input cut off";
    case Cause::kTrailingBytes: return "trailing bytes";
    case Cause::kInvalidUtf8: return "invalid UTF-8";
    case Cause::kByteString: return "byte string";
    case Cause::kNotFinite: return "NaN or infinity";
    case Cause::kDuplicateKey: return "duplicate key";
    case Cause::kKeyType: return "key that is neither text nor integer";
    case Cause::kTooDeep: return "nesting too deep";
    case Cause::kTooManyItems: return "too many items";
    case Cause::kTooLarge: return "too large";
  }
  return "error";
}

}  // namespace

std::string Error::Text() const {
  return std::string(transcode::Text(cause)) + " at byte " + std::to_string(offset);
}

}  // namespace lowband::transcode
