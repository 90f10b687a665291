// The condensed form of a CBOR document: shorter, and with the same JSON form. It exists only
// inside the packed format (packed.h), whose readers know it.
//
//   key of cbor_keys_v2.tsv            its integer, 105 and above; those of MSC3079 stay
//   canonical base64 text              byte string               keys, signatures, ciphertexts
//   '$' and canonical base64url text   tag 1 of a byte string    event IDs
//   '!' and canonical base64url text   tag 2 of a byte string    room IDs since room version 12
//   "ed25519:" and canonical base64    tag 4 of a byte string    names of cross-signing keys
//   the same base64 again              tag 1, 2 or 4, or 3 for base64 alone, of the number of its
//                                      byte string: the first has 0
//
// Only text, as key or value, of kBase64CharactersMin characters or more, with letters of both
// cases and a digit or sign: other text is a word or a number. The contents of the byte strings may
// stand apart from the items: they are as good as random, and in between they would spoil the
// compression of the rest.
//
// Threading: free functions without state; any thread. Limits: limits.h.
// Spec: docs/protocol.md "The packed format".
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/base/result.h"
#include "libs/transcode/transcode.h"

namespace lowband::transcode {

struct Condensed {
  Bytes items;   ///< The heads of byte strings are there, their contents are not.
  Bytes octets;  ///< The contents of the byte strings, in their order.
  /// Where they belong.
  struct Place {
    size_t at;  ///< An offset in `items`.
    size_t size;
  };
  std::vector<Place> places;

  /// The same as one document of CBOR.
  Bytes InPlace() const;
};

/// None if `cbor` is not what JsonToCbor() writes with the keys of version 1.
std::optional<Condensed> Condense(ByteView cbor);

/// Appends the CBOR document of at most `bytes_max` bytes whose condensed form has all byte strings
/// in their places. On error `cbor` is unchanged; the offset is one of `condensed`.
[[nodiscard]] Result<void, Error> Expand(ByteView condensed, size_t bytes_max, Bytes& cbor);
/// As above, with the contents of the byte strings apart.
[[nodiscard]] Result<void, Error> Expand(ByteView items, ByteView octets, size_t bytes_max,
                                         Bytes& cbor);

}  // namespace lowband::transcode
