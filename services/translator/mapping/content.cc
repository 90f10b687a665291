#include "services/translator/mapping/content.h"

#include <algorithm>
#include <cctype>

#include "libs/base/bytes.h"
#include "libs/coap/option.h"
#include "libs/transcode/deflate.h"
#include "libs/transcode/packed.h"
#include "libs/transcode/transcode.h"
#include "services/translator/mapping/json_edit.h"
#include "services/translator/mapping/limits.h"

namespace lowband::translator::mapping {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kOctetsType = "application/octet-stream";
constexpr std::string_view kPlainTextType = "text/plain";
constexpr std::string_view kFormats =
    "use 60 (CBOR), 50 (JSON), the same under deflate, 11060 and 11050, or 65079 (packed)";
constexpr std::string_view kTextType = "text/plain; charset=utf-8";

/// The first byte of a CBOR map (RFC 8949 §3.1, major type 5). No text begins so: in UTF-8 these
/// bytes only continue a character.
bool BeginsAsCborMap(std::string_view body) {
  const auto first = static_cast<uint8_t>(body.front());
  return first >= 0xa0 && first <= 0xbf;
}

/// Malformed input is M_NOT_JSON, well-formed input that Matrix cannot hold M_BAD_JSON.
Refusal RefuseBody(const transcode::Error& error) {
  const std::string text = "the CBOR body cannot become JSON: " + error.Text();
  switch (error.cause) {
    case transcode::Cause::kSyntax:
    case transcode::Cause::kTruncated:
    case transcode::Cause::kTrailingBytes:
    case transcode::Cause::kInvalidUtf8: return {400, "M_NOT_JSON", text};
    case transcode::Cause::kByteString:
    case transcode::Cause::kNotFinite:
    case transcode::Cause::kDuplicateKey:
    case transcode::Cause::kKeyType:
    case transcode::Cause::kTooDeep:
    case transcode::Cause::kTooManyItems: return {400, "M_BAD_JSON", text};
    case transcode::Cause::kTooLarge: return {413, "M_TOO_LARGE", text};
  }
  return {400, "M_NOT_JSON", text};
}

Result<RequestContent, Refusal> FromCbor(std::string_view body) {
  RequestContent content{.body = {}, .content_type = kJsonType};
  const auto done = transcode::CborToJson(AsBytes(body), content.body);
  if (!done) return Failure(RefuseBody(done.error()));
  return content;
}

Result<RequestContent, Refusal> FromPacked(std::string_view body) {
  const auto cbor = transcode::Unpack(AsBytes(body), kInflatedBytesMax);
  if (cbor) return FromCbor(AsText(*cbor));
  if (cbor.error().cause == transcode::Cause::kTooLarge) {
    return Failure(Refusal{
        413, "M_TOO_LARGE",
        "the packed body holds more than " + std::to_string(kInflatedBytesMax) + " bytes of CBOR"});
  }
  return Failure(
      Refusal{400, "M_NOT_JSON", "the packed body cannot be read: " + cbor.error().Text()});
}

Result<RequestContent, Refusal> FromDeflate(uint32_t format, std::string_view body) {
  const auto plain = transcode::Inflate(AsBytes(body), kInflatedBytesMax);
  if (!plain) {
    return Failure(Refusal{400, "M_NOT_JSON",
                           "the body is not a complete zlib stream, or decompresses to more than " +
                               std::to_string(kInflatedBytesMax) + " bytes"});
  }
  if (format == coap::kFormatCborDeflate) return FromCbor(AsText(*plain));
  return RequestContent{std::string(AsText(*plain)), kJsonType};
}

/// In lower case, without parameters.
std::string MediaType(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && kSpaces.find(type.back()) != std::string_view::npos) type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return type;
}

}  // namespace

std::string_view Text(Compression compression) {
  switch (compression) {
    case Compression::kNone: return "none";
    case Compression::kDeflate: return "deflate";
    case Compression::kPacked: return "packed";
  }
  return "none";
}

Compression CompressionOf(uint32_t content_format) {
  switch (content_format) {
    case coap::kFormatCborDeflate:
    case coap::kFormatJsonDeflate: return Compression::kDeflate;
    case coap::kFormatPacked: return Compression::kPacked;
    default: return Compression::kNone;
  }
}

Result<RequestContent, Refusal> MapContent(std::optional<uint32_t> format, std::string_view body) {
  if (body.empty()) return RequestContent{};
  // The deployed tools label CBOR and JSON 42 unless the user sets the type.
  switch (format.value_or(coap::kFormatOctets)) {
    case coap::kFormatCbor: return FromCbor(body);
    case coap::kFormatJson: return RequestContent{std::string(body), kJsonType};
    case coap::kFormatCborDeflate:
    case coap::kFormatJsonDeflate: return FromDeflate(*format, body);
    case coap::kFormatPacked: return FromPacked(body);
    case coap::kFormatText:
    case coap::kFormatOctets:
      if (BeginsAsCborMap(body)) return FromCbor(body);
      if (LooksLikeJson(body)) return RequestContent{std::string(body), kJsonType};
      return RequestContent{std::string(body),
                            format == coap::kFormatText ? kTextType : kOctetsType};
    default:
      return Failure(Refusal{415, "M_NOT_JSON",
                             "Content-Format " + std::to_string(*format) +
                                 " is not supported: " + std::string(kFormats)});
  }
}

Result<RequestContent, Refusal> MapTextContent(std::optional<uint32_t> format,
                                               std::string_view body) {
  if (format.value_or(coap::kFormatText) != coap::kFormatText) return MapContent(format, body);
  // Homeservers compare it as a whole (MSC4108).
  return RequestContent{std::string(body), kPlainTextType};
}

Result<BodyForm, Refusal> WantedForm(std::optional<uint32_t> format, std::optional<uint32_t> accept,
                                     bool has_body) {
  if (!accept) {
    const bool json = format == coap::kFormatJson || format == coap::kFormatJsonDeflate;
    // A client that packs bodies reads packed ones.
    const bool packed = has_body && format == coap::kFormatPacked;
    return BodyForm{.cbor = !(has_body && json),
                    .compression = packed ? Compression::kPacked : Compression::kNone};
  }
  switch (*accept) {
    case coap::kFormatCbor: return BodyForm{.cbor = true};
    case coap::kFormatJson: return BodyForm{.cbor = false};
    case coap::kFormatCborDeflate:
      return BodyForm{.cbor = true, .compression = Compression::kDeflate};
    case coap::kFormatJsonDeflate:
      return BodyForm{.cbor = false, .compression = Compression::kDeflate};
    case coap::kFormatPacked: return BodyForm{.cbor = true, .compression = Compression::kPacked};
    default:
      return Failure(Refusal{
          406, "M_UNRECOGNIZED",
          "Accept " + std::to_string(*accept) + " cannot be served: " + std::string(kFormats)});
  }
}

transcode::ReaderLimits ReaderOf(std::optional<uint32_t> accept, transcode::KeyTable keys) {
  const bool ours = accept == coap::kFormatCbor || accept == coap::kFormatCborDeflate ||
                    accept == coap::kFormatPacked || keys == transcode::KeyTable::kStrings;
  return ours ? transcode::ReaderLimits{} : transcode::kDeployedReader;
}

bool IsJsonType(std::string_view content_type) {
  const std::string type = MediaType(content_type);
  return type == "application/json" || type.ends_with("+json");
}

bool IsTextType(std::string_view content_type) { return MediaType(content_type) == "text/plain"; }

}  // namespace lowband::translator::mapping
