// The static dictionary of the packed format: what Matrix documents have in common, and how often
// each byte and each distance occurs in them.
//
// Its contents are the documents of dictionary_v1.jsonl in their condensed form, one after the
// other: the most frequent last, since near bytes are cheap to name. Its entropy tables were
// computed from variations of these documents by bench/make_dictionary.cc, and are fixed: both ends
// of the packed format must have the same dictionary. Another dictionary is another Content-Format.
//
// Threading: constant; any thread. Spec: RFC 8878 §5; docs/protocol.md "The packed format".
#pragma once

#include <span>
#include <string_view>

#include "libs/base/bytes.h"

namespace lowband::transcode {

/// The whole dictionary, as zstd reads it.
const Bytes& Dictionary();
/// Its contents without the entropy tables.
Bytes DictionaryContents();
/// The JSON documents that it is made from.
std::span<const std::string_view> DictionaryDocuments();
/// The first eight hexadecimal digits of its SHA-256: the version that /versions names.
inline constexpr std::string_view kDictionaryVersion = "8ce69d82";

}  // namespace lowband::transcode
