#include "libs/transcode/dictionary.h"

#include <array>
#include <cstdint>
#include <cstdlib>

#include "libs/transcode/condense.h"
#include "libs/transcode/transcode.h"

namespace lowband::transcode {
namespace {

constexpr std::array kDocuments = std::to_array<std::string_view>({
#include "libs/transcode/dictionary_documents.inc"
});

/// Magic number, dictionary ID, entropy tables and the recent offsets.
constexpr auto kEntropy = std::to_array<uint8_t>({
#include "libs/transcode/dictionary_entropy_v1.inc"
});

}  // namespace

Bytes DictionaryContents() {
  Bytes contents;
  for (const std::string_view json : kDocuments) {
    Bytes cbor;
    if (!JsonToCbor(json, cbor)) std::abort();
    const auto condensed = Condense(cbor);
    if (!condensed) std::abort();
    Append(contents, condensed->items);
  }
  return contents;
}

const Bytes& Dictionary() {
  static const Bytes dictionary = [] {
    Bytes bytes(kEntropy.begin(), kEntropy.end());
    Append(bytes, DictionaryContents());
    return bytes;
  }();
  return dictionary;
}

std::span<const std::string_view> DictionaryDocuments() { return kDocuments; }

}  // namespace lowband::transcode
