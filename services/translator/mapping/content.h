// The form of a request's body, its conversion for the homeserver, and the form of the answer.
//
//   label                body                      sent as                    answer
//   60 (CBOR)            any                       JSON                       CBOR
//   50 (JSON)            any                       as it is, JSON             JSON
//   42, 0, none          begins as a CBOR map      JSON (deployed tools       CBOR
//                                                  leave the label out)
//                        begins as { or [          as it is, JSON             CBOR
//                        anything else             as it is, octets or text   CBOR
//   any                  none                      nothing                    CBOR
//   other                any                       415
//   11060, 11050         any, under deflate        as 60, 50                  as 60, 50
//   65079                any, packed               JSON                       packed
// Where an API's documents are text (rendezvous), 0 and no label always mean text. Accept 50 or 60
// overrides the answer's form above; so do 11050, 11060 and 65079, compressed if that is shorter;
// another Accept is 406.
//
// Threading: free functions; any thread. Spec: RFC 7252 §5.10.3 and §5.10.4, RFC 8075 §6.2,
// docs/protocol.md "Content"; docs/interop.md "The deployed Go clients".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libs/base/result.h"
#include "libs/transcode/transcode.h"
#include "services/translator/mapping/refusal.h"

namespace lowband::translator::mapping {

struct RequestContent {
  std::string body;
  std::string_view content_type;  ///< A constant; empty when there is no body.
};

/// `format` is the Content-Format option. An error names the byte where the body is wrong.
Result<RequestContent, Refusal> MapContent(std::optional<uint32_t> format, std::string_view body);

/// As MapContent, for APIs whose documents are text, and may be empty.
Result<RequestContent, Refusal> MapTextContent(std::optional<uint32_t> format,
                                               std::string_view body);

/// Limits of the client's CBOR reader. Deployed clients send neither a key table nor Accept; a
/// client that explicitly requests CBOR or string keys reads RFC 8949 up to our own limits.
transcode::ReaderLimits ReaderOf(std::optional<uint32_t> accept, transcode::KeyTable keys);

/// The compression of a body.
enum class Compression : uint8_t {
  kNone,
  kDeflate,
  kPacked,  ///< CBOR only: libs/transcode/packed.h.
};
inline constexpr size_t kCompressionCount = 3;
/// "deflate", "packed"; "none".
std::string_view Text(Compression compression);
/// The compression of a body with this Content-Format.
Compression CompressionOf(uint32_t content_format);

/// The form of an answer's body.
struct BodyForm {
  bool cbor = true;  ///< Otherwise JSON.
  Compression compression = Compression::kNone;
};
Result<BodyForm, Refusal> WantedForm(std::optional<uint32_t> format, std::optional<uint32_t> accept,
                                     bool has_body);

/// RFC 8259 and RFC 6839 §3.1; parameters and case do not matter.
bool IsJsonType(std::string_view content_type);
bool IsTextType(std::string_view content_type);

}  // namespace lowband::translator::mapping
