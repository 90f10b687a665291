// The packed format: a CBOR document in its condensed form, under zstd with a dictionary that both
// ends have. CoAP Content-Format 65079.
//
//   first byte      rest
//   0x80 to 0xbf    the condensed document itself, which begins with this byte (array or map)
//   0x01            its items, as the content of a zstd block of type Compressed_Block
//   0x02            its items, as a zstd frame without magic number, content size, checksum and
//                   dictionary ID
//   0x03, 0x04      a CBOR byte string: the contents of its byte strings; then as 0x01, 0x02
//
// No form holds a byte that its reader knows already: a frame of one block would begin with nine.
//
// Threading: free functions; any thread. Each thread keeps its working memory for the next call:
// about 1 MB after a large document. Limits: the caller's, and limits.h. Spec: RFC 8878,
// docs/protocol.md "The packed format".
#pragma once

#include <cstddef>
#include <optional>

#include "libs/base/bytes.h"
#include "libs/base/result.h"
#include "libs/transcode/transcode.h"

namespace lowband::transcode {

/// Packs what JsonToCbor() wrote with the keys of version 1. None if it would be no shorter, or is
/// no such document.
std::optional<Bytes> Pack(ByteView cbor);

/// The CBOR document of at most `bytes_max` bytes. Allocates little more than the result. An offset
/// of an error is one in the condensed document; 0 if there is none.
[[nodiscard]] Result<Bytes, Error> Unpack(ByteView packed, size_t bytes_max);

}  // namespace lowband::transcode
