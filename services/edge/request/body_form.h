// The form of a response's body: CBOR or JSON, and the key table.
//
// Threading: values. Spec: MSC3079; docs/protocol.md "Content".
#pragma once

#include <cstdint>
#include <optional>

#include "libs/coap/option.h"
#include "libs/transcode/transcode.h"
#include "lowband/v1/translator.pb.h"

namespace lowband::edge::request {

struct BodyForm {
  bool cbor = true;  ///< Else JSON.
  transcode::KeyTable keys = transcode::KeyTable::kV1;

  uint16_t content_format() const { return cbor ? coap::kFormatCbor : coap::kFormatJson; }
};

/// The form that a request asks for: by Accept, else by the form of its body, else CBOR. The edge's
/// own bodies are too short for compression, and no Accept requires it.
inline BodyForm FormFor(std::optional<uint32_t> accept, std::optional<uint32_t> content_format,
                        bool has_body, transcode::KeyTable keys) {
  const auto is_json = [](std::optional<uint32_t> format) {
    return format == coap::kFormatJson || format == coap::kFormatJsonDeflate;
  };
  if (accept == coap::kFormatCbor || accept == coap::kFormatCborDeflate ||
      accept == coap::kFormatPacked) {
    return {true, keys};
  }
  return {!is_json(accept) && !(has_body && is_json(content_format)), keys};
}

inline BodyForm FormFor(const v1::Request& request) {
  std::optional<uint32_t> accept;
  std::optional<uint32_t> content_format;
  if (request.has_accept()) accept = request.accept();
  if (request.has_content_format()) content_format = request.content_format();
  return FormFor(
      accept, content_format, !request.body().empty() || request.more(),
      request.key_table() == 0 ? transcode::KeyTable::kStrings : transcode::KeyTable::kV1);
}

}  // namespace lowband::edge::request
