// CBOR to JSON and back, one pass over the bytes, with the key tables of MSC3079.
//
// Threading: free functions without state; any thread. Ownership: output is appended to the
// caller's buffer, which keeps its capacity from call to call. Limits: limits.h.
// Spec: RFC 8949, RFC 8259, RFC 7049 §3.9 (canonical order), MSC3079 appendix A.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "libs/base/bytes.h"
#include "libs/base/result.h"
#include "libs/transcode/limits.h"

namespace lowband::transcode {

/// MSC3079 option 257: the keys of maps that become integers.
enum class KeyTable : uint8_t {
  kStrings = 0,  ///< Version 0: every key stays a string.
  kV1 = 1,       ///< Version 1: the 104 keys of cbor_keys_v1.tsv become integers.
};

enum class Order : uint8_t {
  kSource,     ///< Keys in the order of the source: streaming.
  kCanonical,  ///< RFC 7049 §3.9: shorter encoded keys first, then bytewise.
};

/// The origin of the CBOR, which decides the strictness.
enum class Rules : uint8_t {
  /// From a client, for a homeserver: kRequestItemsMax.
  kRequest,
  /// From a homeserver, for people and programs that decode answers: kResponseItemsMax.
  kResponse,
};

/// The fault of the input, and its place.
enum class Cause : uint8_t {
  kSyntax,         ///< Not JSON, or not CBOR.
  kTruncated,      ///< Ends inside an item.
  kTrailingBytes,  ///< Bytes after the top item.
  kInvalidUtf8,
  kByteString,    ///< CBOR byte strings have no JSON form here.
  kNotFinite,     ///< NaN or an infinity.
  kDuplicateKey,  ///< A key twice in one form.
  kKeyType,       ///< A CBOR map key that is neither text nor an integer.
  kTooDeep,       ///< Nesting over kDepthMax, or over the reader's limit.
  kTooManyItems,  ///< More than kRequestItemsMax, kResponseItemsMax, or the reader's limit.
  kTooLarge,      ///< Over kInputBytesMax, or the output would pass kOutputBytesMax.
};

/// The limits of the reader of the written CBOR.
struct ReaderLimits {
  size_t depth_max = kDepthMax;                      ///< At most kDepthMax.
  uint32_t container_items_max = kResponseItemsMax;  ///< Items of an array, entries of a map.

  bool operator==(const ReaderLimits&) const = default;
};
inline constexpr ReaderLimits kDeployedReader{kDeployedDepthMax, kDeployedContainerItemsMax};

struct Error {
  Cause cause;
  size_t offset;  ///< Byte offset of the fault in the input.
  /// "byte string at byte 12", for diagnostics and error bodies; holds nothing of the input.
  std::string Text() const;
};

/// Appends the JSON form of the one CBOR item in `cbor`. On error `json` is unchanged.
///
/// Integer keys of the table become their strings, other integers their decimal form; if a key
/// comes as integer and as string, the string stays. Tags are skipped, `undefined` is null, whole
/// floats below 2^64 become integers, other numbers the shortest text that reads back equal.
/// Integers of any size stay exact: the homeserver decides which of them an event may have. In
/// canonical order keys are sorted by code point: the output is canonical JSON if it has no floats.
[[nodiscard]] Result<void, Error> CborToJson(ByteView cbor, std::string& json,
                                             Order order = Order::kSource,
                                             Rules rules = Rules::kRequest);

/// Appends the CBOR form of the one JSON value in `json`. On error `cbor` is unchanged.
///
/// Lenient where strictness would cost a client its whole sync because of one odd event:
/// - integers from −2^63 to 2^64 − 1 stay exact, others become the nearest float, and those beyond
///   all floats the largest one; 1.0 and 1e3 are the integers they equal, within ±(2^53 − 1). CBOR
///   could hold integers below −2^63, but deployed clients refuse a document that has one;
/// - the last of equal keys stays, as in every common JSON reader;
/// - lone surrogates become U+FFFD.
/// Documents beyond the limits of `reader` are refused; json_mend.h makes them fit.
[[nodiscard]] Result<void, Error> JsonToCbor(std::string_view json, Bytes& cbor,
                                             KeyTable keys = KeyTable::kV1,
                                             Order order = Order::kSource,
                                             const ReaderLimits& reader = {});

}  // namespace lowband::transcode
